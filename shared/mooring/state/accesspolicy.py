"""Who may, in the table: the ConfigMap `argocd-rbac-cm` as it was declared, and the epoch of sessions.

Both have a version beside the clusters, where those of projects are too, and that of what was ended. So one small query
tells every request whether what an instance has read still holds, and a change counts from the next request on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from mooring.errors import ConfigurationError
from mooring.state.healthscripts import new_version
from mooring.state.packing import pack, unpack
from mooring.state.projects import CLUSTERS, PROJECT_VERSION
from mooring.state.table import Table, put, update

if TYPE_CHECKING:
    from mooring.state.endings import Endings

__all__ = ["ACCESS_VERSION", "AccessPolicies", "Standing"]

ACCESS_VERSION = "#access"  # beside the clusters, whose names can't hold a #
_DOCUMENT = ("SETTINGS", "argocd-rbac-cm")
_LARGEST = 300 * 1024


class Standing(NamedTuple):
    """The version of the policy (empty without any), the epoch of sessions, the version of what was ended (empty where
    nothing ever was), the version of each declared project, and when each was declared where there was none (empty for
    those from before that was kept).
    """

    policy: str
    epoch: str
    ended: str
    projects: dict[str, str]
    births: dict[str, str]


class AccessPolicies:
    """The policy of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @cached_property
    def endings(self) -> Endings:
        """What counts no more before its time."""
        from mooring.state.endings import Endings  # few functions let anybody in

        return Endings(self._table)

    def standing(self) -> Standing:
        """What holds now, in one query."""
        policy, epoch, ended, projects, births = "", "", "", {}, {}
        for item in self._table.query(CLUSTERS, "#"):
            if item["sk"] == ACCESS_VERSION:
                policy, epoch, ended = (item.get(name, "") for name in ("version", "epoch", "ended"))
            elif item["sk"].startswith(PROJECT_VERSION):
                name = item["sk"].removeprefix(PROJECT_VERSION)
                projects[name], births[name] = item["version"], item.get("born", "")
        return Standing(policy, epoch, ended, projects, births)

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
