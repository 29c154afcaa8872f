"""A family of processes: its members over time, what they share, and who broke the sharing."""
