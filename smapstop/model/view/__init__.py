"""What a reader sees: view state, filter, sort order, table."""
