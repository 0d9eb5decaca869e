"""One module for each thing the system does; the only place where the rest meets."""
