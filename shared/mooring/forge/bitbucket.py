"""Bitbucket Cloud (REST API 2.0).

Pages: "List pull requests that contain a commit" (which needs the app "Pull Request Commit Links", and answers 202
while it indexes), "Pull requests". Bitbucket has no labels, and tells when a request was changed last, not when it was
merged: that stays empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mooring.forge.github import last_words
from mooring.forge.ports import Change, Check, CheckState, Proposal, State
from mooring.forge.rest import Rest, segment
from mooring.model.mergedrequest import MergedRequest, Verdict

__all__ = ["Bitbucket"]

_PER_PAGE = 50  # the most for pull requests
_STATES: Mapping[str, State] = {"OPEN": "open", "MERGED": "merged"}
_CHECKS: Mapping[str, CheckState] = {"SUCCESSFUL": "passed", "INPROGRESS": "pending"}
_VERDICTS: Mapping[str | None, Verdict] = {"approved": "approved", "changes_requested": "changes requested"}


class Bitbucket:
    """One repository of a workspace."""

    def __init__(self, rest: Rest, workspace: str, name: str) -> None:
        self._rest = rest
        self._base = f"/repositories/{segment(workspace)}/{segment(name)}"

    def merged_request(self, commit: str) -> MergedRequest | None:
        """As `CodeHost`; None also where the workspace has not installed the app that links commits."""
        listed = self._all(f"{self._base}/commit/{segment(commit)}/pullrequests")
        path = f"{self._base}/pullrequests"
        found = [
            self._rest.required(f"{path}/{each['id']}", f"pull request {each['id']}").body
            for each in listed
            if each.get("state", "MERGED") == "MERGED"
        ]
        merged = [each for each in found if each["state"] == "MERGED"]
        merged.sort(key=lambda each: (not commit.startswith(_merge_hash(each)), each["id"]))
        if not merged:
            return None
        first = merged[0]
        given = (
            (_name(each["user"]), _VERDICTS.get(each.get("state"), "none"))
            for each in first.get("participants") or ()
            if each.get("role") == "REVIEWER" or each.get("state")
        )
        return MergedRequest(
            number=first["id"],
            title=first["title"],
            url=first["links"]["html"]["href"],
            author=_name(first.get("author")),
            merged_by=_name(first.get("closed_by")),
            created_at=first.get("created_on") or "",
            reviews=last_words(given),
        )

    def open_change(self, proposal: Proposal) -> Change:
        """As `CodeHost`."""
        body = {
            "title": proposal.title,
            "description": proposal.body,
            "source": {"branch": {"name": proposal.head}},
            "destination": {"branch": {"name": proposal.base}},
        }
        return _change(self._rest.send("POST", f"{self._base}/pullrequests", body).body)

    def find_change(self, head: str, base: str) -> Change | None:
        """As `CodeHost`."""
        chosen = f"source.branch.name = {json.dumps(head)} AND destination.branch.name = {json.dumps(base)}"
        found = self._all(f"{self._base}/pullrequests", q=f'{chosen} AND state = "OPEN"')
        return next(map(_change, found), None)

    def change(self, number: int) -> Change | None:
        """As `CodeHost`."""
        found = self._rest.get(f"{self._base}/pullrequests/{number}")
        return None if found is None else _change(found.body)

    def rewrite_change(self, number: int, title: str, body: str) -> None:
        """As `CodeHost`."""
        self._rest.send("PUT", f"{self._base}/pullrequests/{number}", {"title": title, "description": body})

    def comment(self, number: int, text: str) -> None:
        """As `CodeHost`."""
        self._rest.send("POST", f"{self._base}/pullrequests/{number}/comments", {"content": {"raw": text}})

    def close_change(self, number: int) -> None:
        """As `CodeHost`; Bitbucket says declined."""
        self._rest.send("POST", f"{self._base}/pullrequests/{number}/decline", {})

    def checks(self, commit: str) -> Sequence[Check]:
        """As `CheckHost` ("List commit statuses for a commit")."""
        listed = self._all(f"{self._base}/commit/{segment(commit)}/statuses")
        return [Check(each.get("name") or each["key"], _CHECKS.get(each["state"], "failed")) for each in listed]

    def _all(self, path: str, **query: str) -> Iterator[Any]:
        first = self._rest.get(path, **query, pagelen=_PER_PAGE)
        for answer in self._rest.pages(first, lambda page: page.body.get("next")):
            yield from answer.body["values"]


def _change(item: Any) -> Change:
    state = _STATES.get(item["state"], "closed")
    head, base = item["source"]["branch"]["name"], item["destination"]["branch"]["name"]
    return Change(
        item["id"], item["title"], item.get("description") or "", item["links"]["html"]["href"], head, base, state
    )


def _merge_hash(item: Any) -> str:
    """The merge commit as Bitbucket abbreviates it; a text that begins nothing where it tells none."""
    return (item.get("merge_commit") or {}).get("hash") or "-"


def _name(user: Any) -> str:
    return str(user.get("nickname") or user.get("display_name") or "") if user else ""
