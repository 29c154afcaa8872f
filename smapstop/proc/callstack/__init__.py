"""Call stacks of page faults: rings of samples, unwinding, names."""
