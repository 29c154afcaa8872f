"""View of a timeline: view state, filter, sort order, table."""
