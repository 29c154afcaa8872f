"""`smapstop faults`: the page faults of a process by mapping and call stack."""
