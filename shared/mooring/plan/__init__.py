"""Wanted, remembered and live go in; ordered steps come out. Pure."""
