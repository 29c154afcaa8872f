"""The sampler process: read the target, identify its mappings, diff them, send ticks."""
