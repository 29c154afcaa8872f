"""Terminal emulation for the launched program's pane."""
