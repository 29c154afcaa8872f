"""Names of ways to a shell elsewhere; the fixture `way` makes the commands."""

SHELLS = ("sh", "dash", "bash", "zsh", "busybox sh", "toybox sh")
"""Shells here; those that are not installed are skipped."""
PLACES = ("chroot", "namespace", "ssh")
"""Ways to another root, another pid namespace, and another machine."""
