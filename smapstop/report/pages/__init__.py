"""Pages of mappings, printed."""
