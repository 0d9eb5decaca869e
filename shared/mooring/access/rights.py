"""The words of policies: what can be acted on, by which actions, and what the two built-in roles may.

The resources of Argo CD keep its names ("RBAC Configuration", and its `builtin-policy.csv`); what only Mooring has
follows below. `exec`, `certificates` and the like are known so that a policy of Argo CD can be taken as it is, although
nothing here asks for them. A word that is none of these is refused where it is declared: a misspelt `deny` would
otherwise deny nothing.
"""

from __future__ import annotations

from mooring.errors import ConfigurationError

__all__ = ["ACTIONS", "ADMIN", "FINE", "PER_PROJECT", "READONLY", "RESOURCES", "builtin_lines", "check_right"]

ADMIN = "role:admin"
READONLY = "role:readonly"

# Objects of these are PROJECT/NAME, or PROJECT/NAMESPACE/NAME outside of the namespace argocd.
PER_PROJECT = frozenset({"applications", "applicationsets", "logs", "exec", "promotions", "imageupdaters"})

_READ_WRITE = ("get", "create", "update", "delete")
RESOURCES: dict[str, tuple[str, ...]] = {
    "applications": (*_READ_WRITE, "sync", "action", "override"),
    "applicationsets": _READ_WRITE,
    "logs": ("get",),
    "exec": ("create", "debug"),
    "clusters": _READ_WRITE,
    "projects": _READ_WRITE,
    "repositories": _READ_WRITE,
    "write-repositories": _READ_WRITE,
    "accounts": _READ_WRITE,
    "certificates": _READ_WRITE,
    "gpgkeys": _READ_WRITE,
    "extensions": ("invoke",),
    # Mooring's own.
    "promotions": _READ_WRITE,
    "imageupdaters": _READ_WRITE,
    "settings": ("get", "update"),
    "access": ("get", "update"),
    "audit": ("get",),
    "notifications": ("get", "update"),
    "sealedsecrets": ("get", "create"),
    "webhooks": _READ_WRITE,
    "metrics": ("get",),
}
ACTIONS = tuple(sorted({action for actions in RESOURCES.values() for action in actions}))
FINE = ("action/", "update/", "delete/")  # of one kind of object, in applications

# Who reads everything does not read these: what was said in private, and who may what is for administrators to know.
_NOT_READ = frozenset({"exec", "extensions"})


def check_right(resource: str, action: str) -> None:
    """Raises `ConfigurationError` where policies know no such resource, or nothing of this kind that is done to it."""
    if resource not in RESOURCES:
        raise ConfigurationError(f"must be one of {', '.join(RESOURCES)}", field="resource")
    fine = resource == "applications" and action.startswith(FINE)
    if action not in RESOURCES[resource] and not fine:
        raise ConfigurationError(f"must be one of {', '.join(RESOURCES[resource])}", field="action")


def builtin_lines() -> list[str]:
    """The policy that is always there, as lines of a `policy.csv`."""
    lines = [f"g, {ADMIN}, {READONLY}", f"g, admin, {ADMIN}"]
    for resource, actions in RESOURCES.items():
        target = "*/*" if resource in PER_PROJECT else "*"
        for action in actions:
            role = READONLY if action == "get" and resource not in _NOT_READ else ADMIN
            lines.append(f"p, {role}, {resource}, {'action/*' if action == 'action' else action}, {target}, allow")
    lines += [f"p, {ADMIN}, applications, {action}/*, */*, allow" for action in ("update", "delete")]
    return lines
