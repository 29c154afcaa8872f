"""The code that made page faults: its call stacks, folded and counted."""
