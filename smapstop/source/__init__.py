"""Where ticks come from: a live sampler, a recording, a list."""
