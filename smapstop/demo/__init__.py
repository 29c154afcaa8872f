"""Copy-on-write demo: a program that writes to one page of a private file mapping."""
