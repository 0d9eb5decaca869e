"""Health scripts of a folder in git, as they are kept beside the settings.

`sync` never talks to git, so the sweep brings the scripts into the table. A new set makes a new version of the
settings, which every sync compares anyway: where nothing has changed, nothing else is read.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.state.packing import pack, unpack
from mooring.state.table import Item, Key, Table, check, put, update

__all__ = ["HealthScripts", "ScriptsSource", "ScriptsState", "new_version"]

_SCRIPTS: Final[Key] = ("SETTINGS", "health.lua")
_LARGEST: Final = 300 * 1024  # bytes of all scripts when compressed; an item holds 400 KB


@dataclass(frozen=True, slots=True)
class ScriptsSource:
    """Where the scripts come from; `revision` is a targetRevision as an Application's."""

    repo_url: str
    path: str
    revision: str


@dataclass(frozen=True, slots=True)
class ScriptsState:
    """What became of a source: `seen` is the commit that was looked at last (empty where git could not be asked).

    `commit` is the one whose scripts are in force, `tree` the object id of its folder, `count` how many there are.
    `error` says why a later commit is not.
    """

    source: ScriptsSource | None = None
    seen: str = ""
    commit: str = ""
    tree: str = ""
    count: int = 0
    error: str = ""


class HealthScripts:
    """The scripts of one installation. `settings` and `version` are the keys of the settings and of their version."""

    def __init__(self, table: Table, settings: Key, version: Key) -> None:
        self._table = table
        self._settings = settings
        self._version = version

    def in_force(self) -> tuple[dict[str, str], dict[str, str]]:
        """The settings as they were written, and the scripts' texts by path, in one request."""
        found = self._table.get_many((self._settings, _SCRIPTS))
        scripts = found.get(_SCRIPTS)
        return _data(found.get(self._settings)), ({} if scripts is None else unpack(scripts["body"]))

    def state(self) -> tuple[dict[str, str], ScriptsState]:
        """The settings as they were written, and what became of the folder that they name, in one request."""
        found = self._table.get_many((self._settings, _SCRIPTS))
        scripts = found.get(_SCRIPTS)
        return _data(found.get(self._settings)), (ScriptsState() if scripts is None else _state(scripts))

    def note(self, state: ScriptsState, *, version: str) -> None:
        """Writes what became of the folder where its scripts have not changed; `version` is that of the settings.

        Raises `ConflictError` where other settings were written meanwhile.
        """
        told = update(_SCRIPTS, {"state": pack(asdict(state))} | ({} if state.tree else {"body": pack({})}))
        self._table.write(check(self._version, "version = :seen", seen=version), told)

    def put(self, state: ScriptsState, files: Mapping[str, str], *, version: str) -> None:
        """Writes a new set of scripts, which makes a new version of the settings. Raises as `note`, and
        `ConfigurationError` where they are too large to be kept.
        """
        body = pack(dict(files))
        if len(body) > _LARGEST:
            raise ConfigurationError(
                f"holds scripts of {len(body)} bytes when compressed, more than the {_LARGEST} that are kept",
                field=state.source.path if state.source else None,
            )
        pk, sk = _SCRIPTS
        self._table.write(
            update(self._version, {"version": new_version()}, "version = :seen", seen=version),
            put({"pk": pk, "sk": sk, "state": pack(asdict(state)), "body": body}),
        )


def new_version() -> str:
    """A version that no settings had before, so that none is ever taken for another."""
    return uuid.uuid4().hex[:16]


def _data(item: Item | None) -> dict[str, str]:
    return {} if item is None else unpack(item["body"])


def _state(item: Item) -> ScriptsState:
    value: dict[str, Any] = unpack(item["state"])
    source = value["source"]
    return ScriptsState(**value | {"source": None if source is None else ScriptsSource(**source)})
