"""The `mooring` command. It talks to Mooring's HTTP API and to nothing else."""
