"""Widgets of the screens: they draw, and post messages about user input."""
