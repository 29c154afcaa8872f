"""Screens: the dashboard, and the dialogs above it (process picker, help, guide, sorting, columns, runs, quit)."""
