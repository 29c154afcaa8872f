"""Copy-on-write demo: a program that writes one page after the other of its file."""
