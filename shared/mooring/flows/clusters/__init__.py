"""Clusters as flows meet them: reached, logged in to, or replaced by the registry for Mooring's own kinds."""
