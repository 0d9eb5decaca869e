"""What people see of a cluster while they wait for it; reads only (ADR 0112)."""
