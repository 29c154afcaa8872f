"""`smapstop snapshot --family`: one sample of a process and its descendants, printed."""
