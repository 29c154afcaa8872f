"""Page faults of a process: sample them, unwind their stacks, count them by mapping and call stack."""
