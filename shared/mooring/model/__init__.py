"""What users declare, parsed strictly, and Kubernetes objects as values. Pure: no network, no disk, no clients."""
