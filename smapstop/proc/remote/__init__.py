"""Read /proc of another machine, container or namespace, through any command that gives a POSIX shell there."""
