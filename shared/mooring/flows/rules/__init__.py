"""What is permitted and what holds for the whole installation: asked by every other part."""
