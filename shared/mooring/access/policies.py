"""The policies of a project's roles: `p, proj:PROJECT:ROLE, RESOURCE, ACTION, OBJECT, allow|deny`.

Read and checked as Argo CD does ("RBAC Configuration", and its `validatePolicy`): a role speaks for itself only, and
of nothing but its own project.
"""

from __future__ import annotations

from mooring.access.globs import check_glob
from mooring.access.project import Policy

__all__ = ["parse_policy"]

_RESOURCES = ("applications", "applicationsets", "repositories", "clusters", "logs", "exec", "promotions")
_ACTIONS = ("get", "create", "update", "delete", "sync", "override", "invoke", "*")


def parse_policy(text: str, project: str, role: str) -> Policy:
    """Reads one line. Raises `ValueError` that says what is wrong with it and what it must be."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 6 or parts[0] != "p":
        raise ValueError(f"must be 'p, proj:{project}:{role}, RESOURCE, ACTION, {project}/OBJECT, allow|deny'")
    _, subject, resource, action, target, effect = parts
    if subject != f"proj:{project}:{role}":
        raise ValueError(f"is about {subject!r}; a role's policies are about itself: proj:{project}:{role}")
    if resource not in _RESOURCES:
        raise ValueError(f"names the resource {resource!r}; it is one of {', '.join(_RESOURCES)}")
    if action not in _ACTIONS and not action.startswith(("action/", "update/", "delete/")):
        raise ValueError(f"names the action {action!r}; it is one of {', '.join(_ACTIONS)}, or action/GROUP/KIND/NAME")
    if target != project and not target.startswith(f"{project}/"):
        raise ValueError(f"is about {target!r}, which is not of this project; write {project}/NAME or {project}/*")
    if wrong := check_glob(target) or check_glob(action):
        raise ValueError(f"{target!r} {wrong}")
    if effect not in ("allow", "deny"):
        raise ValueError(f"ends in {effect!r}; write allow or deny")
    return Policy(resource, action, target, effect == "allow")
