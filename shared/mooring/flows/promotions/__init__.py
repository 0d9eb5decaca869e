"""Promotions: what is well in one place, carried to the next one through git."""
