"""Explain changes as kernel mechanisms."""
