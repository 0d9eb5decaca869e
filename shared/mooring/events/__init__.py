"""What the world tells us, in one vocabulary. Pure."""
