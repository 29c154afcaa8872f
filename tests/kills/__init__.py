"""smapstop is killed (SIGKILL) at random moments: what it leaves running, in its target, and in the recording."""
