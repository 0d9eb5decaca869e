"""The code hosts and their APIs: who merged what, hooks, and pull requests; one client for each kind of host."""
