"""The sampler: a process of its own that reads, identifies, compares and sends ticks."""
