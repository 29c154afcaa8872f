"""Columns that smapstop adds to readings, for what smaps does not print; named in `proc/added_fields.py`."""
