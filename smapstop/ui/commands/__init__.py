"""Commands: what keys, the palette and the command line have the dashboard do."""
