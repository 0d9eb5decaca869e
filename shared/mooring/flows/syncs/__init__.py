"""From bundles to clusters: the function `sync`, one operation and its waves, drift and its healing."""
