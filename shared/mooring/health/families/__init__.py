"""Our own rules for widely used custom resources, one module for each family.

A family is known by group and kind (`KINDS`), or by the end of its groups' names (`GROUPS`: `crossplane.io` stands for
`*.crossplane.io` as well), and tells which of its kinds have no status worth reading (`PLAIN`). The rules follow what
each project documents of its status and what users of Argo CD are used to (argo-cd, `resource_customizations`).
"""
