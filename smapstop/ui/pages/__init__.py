"""Draw the pages of a mapping."""
