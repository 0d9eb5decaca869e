"""Telling people: what the table's stream says has happened, and messages to whoever wants to know."""
