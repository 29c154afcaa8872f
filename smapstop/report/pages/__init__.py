"""`smapstop pages`: the pages of mappings, printed."""
