"""Configuration file, preferences and remembered state."""
