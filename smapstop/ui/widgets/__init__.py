"""The parts that the screens are made of: they draw, and tell what the user does."""
