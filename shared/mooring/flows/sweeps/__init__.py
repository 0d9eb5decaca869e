"""The function `sweep`: the safety net under everything else."""
