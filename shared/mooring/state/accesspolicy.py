"""Who may, in the table: the ConfigMap `argocd-rbac-cm` as it was declared, and the epoch of sessions.

Both have a version beside the clusters, where those of projects are too. So one small query tells every request whether
what an instance has read still holds, and a change counts from the next request on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mooring.errors import ConfigurationError
from mooring.state.healthscripts import new_version
from mooring.state.packing import pack, unpack
from mooring.state.projects import CLUSTERS, PROJECT_VERSION
from mooring.state.table import Table, put, update

__all__ = ["ACCESS_VERSION", "AccessPolicies", "Standing"]

ACCESS_VERSION = "#access"  # beside the clusters, whose names can't hold a #
_DOCUMENT = ("SETTINGS", "argocd-rbac-cm")
_LARGEST = 300 * 1024


class Standing(NamedTuple):
    """The version of the policy (empty without any), the epoch of sessions, the version of each declared project."""

    policy: str
    epoch: str
    projects: dict[str, str]


class AccessPolicies:
    """The policy of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def standing(self) -> Standing:
        """What holds now, in one query."""
        policy, epoch, projects = "", "", {}
        for item in self._table.query(CLUSTERS, "#"):
            if item["sk"] == ACCESS_VERSION:
                policy, epoch = item.get("version", ""), item.get("epoch", "")
            elif item["sk"].startswith(PROJECT_VERSION):
                projects[item["sk"].removeprefix(PROJECT_VERSION)] = item["version"]
        return Standing(policy, epoch, projects)

    def data(self) -> dict[str, str]:
        """The data of the ConfigMap; nothing where none was declared."""
        item = self._table.get(_DOCUMENT)
        found: dict[str, str] = {} if item is None else unpack(item["body"])
        return found

    def put(self, data: Mapping[str, str]) -> None:
        """Replaces the policy. Raises `ConfigurationError` where it is too large to be kept."""
        body = pack(dict(data))
        if len(body) > _LARGEST:
            raise ConfigurationError(
                f"takes {len(body)} bytes when compressed, more than the {_LARGEST} that are kept", field="data"
            )
        pk, sk = _DOCUMENT
        self._table.write(
            put({"pk": pk, "sk": sk, "body": body}), update((CLUSTERS, ACCESS_VERSION), {"version": new_version()})
        )

    def end_sessions(self) -> None:
        """Begins a new epoch: no session that there is counts any more."""
        self._table.write(update((CLUSTERS, ACCESS_VERSION), {"epoch": new_version()}))
