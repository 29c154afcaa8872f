"""A report that is one HTML file: it asks for nothing from anywhere, and needs no smapstop to be read."""
