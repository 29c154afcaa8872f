"""History of mappings, groups and events over the timeline."""
