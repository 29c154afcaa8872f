"""What the sampler says about real programs, checked against their page tables and what their objects hold."""
