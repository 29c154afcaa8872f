"""Config file, preferences, and the state saved between sessions."""
