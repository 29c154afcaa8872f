"""What shared-memory objects hold, which smaps does not print."""
