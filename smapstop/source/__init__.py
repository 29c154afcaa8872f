"""Sources of ticks: a live sampler, a recording, a tee that records, a run without a dashboard."""
