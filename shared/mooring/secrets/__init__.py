"""Sealing what must not be readable at rest."""
