"""Draw charts, sections and tabs as strips."""
