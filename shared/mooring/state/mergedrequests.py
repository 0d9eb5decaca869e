"""What code hosts said of commits: the merged request that brought one, or that there is none.

`COMMIT#<repository>` `<full SHA>`, the repository in its normal form (`source.urls.normalise`), as a commit's record
names it. Written once for each commit, and never changed: what was true when it went to the clusters stays on record,
whatever becomes of the request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from mooring.errors import ConflictError
from mooring.model.mergedrequest import MergedRequest
from mooring.state.packing import pack, unpack
from mooring.state.table import Table, put

__all__ = ["CommitName", "MergedRequests"]

CommitName: TypeAlias = tuple[str, str]
"""A repository in its normal form, and a full SHA."""


class MergedRequests:
    """The merged requests of an installation's commits."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def known(self, commits: Iterable[CommitName]) -> dict[CommitName, MergedRequest | None]:
        """What is on record of these commits, a hundred a request; None where no request brought one. Commits that no
        host was asked about, or has not answered about, are left out.
        """
        keys = {(f"COMMIT#{repository}", sha): (repository, sha) for repository, sha in commits}
        if not keys:
            return {}
        found = {}
        for key, item in self._table.get_many(keys).items():
            body = unpack(item["request"])
            found[keys[key]] = None if body is None else MergedRequest.from_json(body)
        return found

    def note(self, commit: CommitName, request: MergedRequest | None, *, now: float) -> None:
        """Puts an answer on record; one that is there already stays."""
        repository, sha = commit
        body = None if request is None else request.to_json()
        item = {"pk": f"COMMIT#{repository}", "sk": sha, "at": now, "request": pack(body)}
        try:
            self._table.write(put(item, "attribute_not_exists(pk)"))
        except ConflictError:
            return
