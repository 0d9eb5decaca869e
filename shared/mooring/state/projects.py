"""Projects in the table.

A project's document is an item of its own (`PROJECT#<name>`); its version stands beside the clusters, which every
function reads anyway. So a change counts from the next invocation on, and a project is read only when it has changed.
Beside the version stands the project's birth, by which tokens of its roles know it from another of its name.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mooring.errors import ConfigurationError
from mooring.model.objects import Manifest
from mooring.state.packing import pack, unpack
from mooring.state.table import Table, delete, put

if TYPE_CHECKING:
    from mooring.access.project import Project

__all__ = ["CLUSTERS", "PROJECT_VERSION", "Projects"]

CLUSTERS = "CLUSTERS"
PROJECT_VERSION = "#project#"  # beside the clusters, whose names can't hold a #
_BODY = "PROJECT"
_LARGEST = 300 * 1024


class Projects:
    """The projects of one installation; those that were read stay known until they change."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._read: dict[str, tuple[str, Project]] = {}

    def find(self, name: str, versions: Mapping[str, str]) -> Project:
        """A project as of `versions` (of each declared one, by name); `default` is there even when nobody declared it.

        Raises `ConfigurationError` where there is none of this name.
        """
        version = versions.get(name, "")
        known = self._read.get(name)
        if known is not None and known[0] == version:
            return known[1]
        from mooring.access.parsing import built_in, parse_project  # some functions never ask for a project
        from mooring.access.project import DEFAULT_PROJECT

        item = self._table.get((f"{_BODY}#{name}", _BODY)) if version else None
        if item is None and name == DEFAULT_PROJECT:
            project = built_in()
        elif item is None:
            names = ", ".join(sorted({DEFAULT_PROJECT, *versions}))
            raise ConfigurationError(
                f"no project {name!r} is declared (declared: {names}); name one of these, or create it with "
                "`mooring project create -f FILE`",
                field="spec.project",
            )
        else:
            project = parse_project(unpack(item["body"])).project
        self._read[name] = (version, project)
        return project

    def document(self, name: str) -> Manifest | None:
        """What was declared, or None."""
        item = self._table.get((f"{_BODY}#{name}", _BODY))
        found: Manifest | None = None if item is None else unpack(item["body"])
        return found

    def names(self) -> list[str]:
        """The declared projects, in order."""
        return [item["sk"].removeprefix(PROJECT_VERSION) for item in self._table.query(CLUSTERS, PROJECT_VERSION)]

    def put(self, project: Project) -> None:
        """Creates a project, or replaces it. Raises `ConfigurationError` where it is too large to be kept."""
        body = pack(project.declared)
        if len(body) > _LARGEST:
            raise ConfigurationError(
                f"takes {len(body)} bytes when compressed, more than the {_LARGEST} that are kept", field="spec"
            )
        key = CLUSTERS, f"{PROJECT_VERSION}{project.name}"
        before = self._table.get(key)
        # Whoever holds a token of a project that was removed has none of one that is declared under its name later.
        born = uuid.uuid4().hex[:12] if before is None else before.get("born", "")
        version = hashlib.sha256(body).hexdigest()[:16]
        self._table.write(
            put({"pk": f"{_BODY}#{project.name}", "sk": _BODY, "body": body}),
            put({"pk": key[0], "sk": key[1], "version": version} | ({"born": born} if born else {})),
        )

    def remove(self, name: str) -> None:
        """Forgets a project, with the tokens of its roles; one that is not there is gone already.

        Tokens go first. One that is made meanwhile, or left behind, is of this project and of none of its name to come.
        """
        from mooring.state.apitokens import ApiTokens  # projects are read everywhere, and removed in few places

        ApiTokens(self._table).remove_all(lambda token: token.subject.startswith(f"proj:{name}:"))
        self._table.write(delete((f"{_BODY}#{name}", _BODY)), delete((CLUSTERS, f"{PROJECT_VERSION}{name}")))
