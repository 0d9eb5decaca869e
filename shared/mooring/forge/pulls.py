"""Pull requests where GitHub and Gitea take and show them alike: opened, read, written anew, commented and closed.

Everything else of the two differs, and stays with each. Pages of both: "Create a pull request", "Get a pull request",
"Update a pull request"; a comment is one of the issue with the same number.
"""

from __future__ import annotations

from typing import Any

from mooring.forge.ports import Change, Proposal, State
from mooring.forge.rest import Rest

__all__ = ["PullRequests", "change_of"]


class PullRequests:
    """Those of one repository, whose path in the API is `base`."""

    def __init__(self, rest: Rest, base: str) -> None:
        self._rest = rest
        self._base = base

    def open_change(self, proposal: Proposal) -> Change:
        """As `CodeHost`."""
        body = {"title": proposal.title, "body": proposal.body, "head": proposal.head, "base": proposal.base}
        return change_of(self._rest.send("POST", f"{self._base}/pulls", body).body)

    def change(self, number: int) -> Change | None:
        """As `CodeHost`."""
        found = self._rest.get(f"{self._base}/pulls/{number}")
        return None if found is None else change_of(found.body)

    def rewrite_change(self, number: int, title: str, body: str) -> None:
        """As `CodeHost`."""
        self._rest.send("PATCH", f"{self._base}/pulls/{number}", {"title": title, "body": body})

    def comment(self, number: int, text: str) -> None:
        """As `CodeHost`."""
        self._rest.send("POST", f"{self._base}/issues/{number}/comments", {"body": text})

    def close_change(self, number: int) -> None:
        """As `CodeHost`."""
        self._rest.send("PATCH", f"{self._base}/pulls/{number}", {"state": "closed"})


def change_of(item: Any) -> Change:
    """A pull request as GitHub and Gitea write it."""
    merged = bool(item.get("merged_at") or item.get("merged"))
    state: State = "merged" if merged else "open" if item["state"] == "open" else "closed"
    head, base = item["head"]["ref"], item["base"]["ref"]
    return Change(item["number"], item["title"], item.get("body") or "", item["html_url"], head, base, state)
