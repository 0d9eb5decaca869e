"""Objects that stand for secrets, and the Secrets that they become in the memory of `sync`."""
