"""Mooring: GitOps without a control plane. See `docs/architecture.md` for how the parts fit together."""

__version__ = "0.1.0"
