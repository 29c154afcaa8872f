"""`smapstop snapshot`: one sample, printed."""
