"""What fingers type that know Argo CD's command, where this one has another word for it, or another way.

A verb that makes no sense here is answered with what to do, not with `No such command`. Source: Argo CD, command
reference (v3).
"""

from __future__ import annotations

from typing import Final

__all__ = ["instead_of"]

_DECLARED: Final = "is declared: change the AppProject where it stands (git, or a file) and `mooring apply -f FILE`"
_IN_PROJECT: Final = f"{_DECLARED}; `mooring project get NAME -o yaml` prints it"
_ROLE: Final = f"roles and their policies are part of the AppProject, which {_DECLARED}"
_WINDOWS: Final = f"sync windows are part of the AppProject, which {_DECLARED}"
_TLS: Final = "hosts are checked by the system's authorities, or by the registration's own: `mooring repo add --help`"
_USERS: Final = "there are no accounts with passwords here: people sign in with the issuer (`mooring login URL --sso`)"

_INSTEAD: Final[dict[str, str]] = {
    "account bcrypt": _USERS,
    "account get": "`mooring account whoami` shows who you are and what you may",
    "account list": f"{_USERS}; `mooring account tokens` lists tokens, `mooring access get` shows who may what",
    "account session-token": "sessions stay in the context of `mooring login`; `mooring account create-token` is for "
    "automation",
    "account update-password": _USERS,
    "admin": "there is no control plane to administer: `mooring settings`, `mooring access`, `mooring apply` and "
    "`mooring bootstrap` do what is left of it",
    "app add-source": "sources are part of the declaration: `mooring app edit NAME`, or git",
    "app patch-resource": "objects are changed in git, or by actions: `mooring app actions list NAME --kind KIND/NAME`",
    "app remove-source": "sources are part of the declaration: `mooring app edit NAME`, or git",
    "cert": _TLS,
    "cluster rotate-auth": "credentials are replaced by registering again: `mooring cluster add --help`; on EKS there "
    "are none to rotate",
    "configure": "there is nothing to configure: `mooring context` says which Mooring is meant",
    "project edit": _IN_PROJECT,
    "project set": _IN_PROJECT,
    "project windows": _WINDOWS,
    "project role add-group": _ROLE,
    "project role add-policy": _ROLE,
    "project role create": _ROLE,
    "project role delete": _ROLE,
    "project role get": "`mooring project role list PROJECT -o yaml` shows them all",
    "project role remove-group": _ROLE,
    "project role remove-policy": _ROLE,
    "relogin": "`mooring login URL --sso` signs in anew, into the same context",
    "repocreds": "`mooring repo add` takes a prefix of addresses as well: credentials of the longest one count",
}
_BEGINNINGS: Final[dict[str, str]] = {
    f"project {verb}": _IN_PROJECT
    for verb in ("add-", "allow-", "deny-", "remove-")
}  # fmt: skip


def instead_of(path: str) -> str:
    """What to do in the place of a subcommand that is not there; nothing where nobody would type it."""
    known = _INSTEAD.get(path)
    if known is not None:
        return known
    return next((told for beginning, told in _BEGINNINGS.items() if path.startswith(beginning)), "")
