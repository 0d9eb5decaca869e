"""Bitbucket Data Center (REST API 1.0).

Pages: "Get repository pull requests containing commit", "Get pull request activity" (which alone tells who merged),
"Create pull request", "Update pull request", "Decline pull request", "Get build-status commits". Every change names the
version that it changes, so an edit of somebody else's is never lost: it is a `RejectedError` here, and the next look
has the new version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mooring.forge.github import last_words
from mooring.forge.ports import Change, Check, CheckState, Proposal, State
from mooring.forge.rest import Rest, segment
from mooring.model.mergedrequest import MergedRequest, Verdict
from mooring.model.moments import told_time

__all__ = ["BitbucketServer"]

_PER_PAGE = 100
_HEADS = "refs/heads/"
_STATES: Mapping[str, State] = {"OPEN": "open", "MERGED": "merged"}
_CHECKS: Mapping[str, CheckState] = {"SUCCESSFUL": "passed", "INPROGRESS": "pending", "UNKNOWN": "pending"}
_VERDICTS: Mapping[str, Verdict] = {"APPROVED": "approved", "NEEDS_WORK": "changes requested"}


class BitbucketServer:
    """One repository of a project (`~user` for a personal one)."""

    def __init__(self, rest: Rest, project: str, name: str) -> None:
        self._rest = rest
        self._base = f"/projects/{segment(project)}/repos/{segment(name)}"

    def merged_request(self, commit: str) -> MergedRequest | None:
        """As `CodeHost`."""
        listed = self._all(f"{self._base}/commits/{segment(commit)}/pull-requests")
        merged = sorted((each for each in listed if each["state"] == "MERGED"), key=lambda each: int(each["id"]))
        if not merged:
            return None
        found = merged[0]
        acts = self._all(f"{self._base}/pull-requests/{found['id']}/activities")
        merger = next((each["user"] for each in acts if each["action"] == "MERGED"), None)
        given = ((_name(each), _VERDICTS.get(each["status"], "none")) for each in found.get("reviewers") or ())
        return MergedRequest(
            number=found["id"],
            title=found["title"],
            url=_url(found),
            author=_name(found.get("author")),
            merged_by=str(merger["name"]) if merger else "",
            created_at=_moment(found.get("createdDate")),
            merged_at=_moment(found.get("closedDate")),
            reviews=last_words(given),
        )

    def open_change(self, proposal: Proposal) -> Change:
        """As `CodeHost`."""
        body = {
            "title": proposal.title,
            "description": proposal.body,
            "fromRef": {"id": _HEADS + proposal.head},
            "toRef": {"id": _HEADS + proposal.base},
        }
        return _change(self._rest.send("POST", f"{self._base}/pull-requests", body).body)

    def find_change(self, head: str, base: str) -> Change | None:
        """As `CodeHost`."""
        asked = {"state": "OPEN", "direction": "OUTGOING", "at": _HEADS + head}
        changes = map(_change, self._all(f"{self._base}/pull-requests", **asked))
        return next((each for each in changes if (each.head, each.base) == (head, base)), None)

    def change(self, number: int) -> Change | None:
        """As `CodeHost`."""
        found = self._rest.get(f"{self._base}/pull-requests/{number}")
        return None if found is None else _change(found.body)

    def rewrite_change(self, number: int, title: str, body: str) -> None:
        """As `CodeHost`; the reviewers stay."""
        found = self._required(number)
        kept = [{"user": {"name": each["user"]["name"]}} for each in found.get("reviewers") or ()]
        wish = {"title": title, "description": body, "version": found["version"], "reviewers": kept}
        self._rest.send("PUT", f"{self._base}/pull-requests/{number}", wish)

    def comment(self, number: int, text: str) -> None:
        """As `CodeHost`."""
        self._rest.send("POST", f"{self._base}/pull-requests/{number}/comments", {"text": text})

    def close_change(self, number: int) -> None:
        """As `CodeHost`; Bitbucket says declined."""
        version = self._required(number)["version"]
        self._rest.send("POST", f"{self._base}/pull-requests/{number}/decline", {"version": version})

    def checks(self, commit: str) -> Sequence[Check]:
        """As `CheckHost`: of the newest 100 build statuses, which is all that is told; they lie beside the API of
        repositories, and the newest of a name counts.
        """
        apis, _, _ = self._rest.base.rpartition("/api/")
        rest = self._rest.beside(f"{apis}/build-status/1.0")
        found: dict[str, Check] = {}
        for each in _listed(rest, f"/commits/{segment(commit)}", orderBy="NEWEST"):
            name = each.get("name") or each["key"]
            found.setdefault(name, Check(name, _CHECKS.get(each["state"], "failed")))
        return list(found.values())

    def _required(self, number: int) -> Any:
        return self._rest.required(f"{self._base}/pull-requests/{number}", f"pull request {number}").body

    def _all(self, path: str, **query: str) -> Iterator[Any]:
        return _listed(self._rest, path, **query)


def _listed(rest: Rest, path: str, **query: str) -> Iterator[Any]:
    start = 0
    while True:
        answer = rest.required(path, "such project, repository or commit", **query, limit=_PER_PAGE, start=start)
        yield from answer.body["values"]
        if answer.body.get("isLastPage", True):
            return
        following = answer.body["nextPageStart"]
        if following <= start:
            raise rest.missing("further pages")
        start = following


def _change(item: Any) -> Change:
    state = _STATES.get(item["state"], "closed")
    head, base = item["fromRef"]["id"].removeprefix(_HEADS), item["toRef"]["id"].removeprefix(_HEADS)
    return Change(item["id"], item["title"], item.get("description") or "", _url(item), head, base, state)


def _url(item: Any) -> str:
    return str(item["links"]["self"][0]["href"])


def _name(participant: Any) -> str:
    return str(participant["user"]["name"]) if participant else ""


def _moment(milliseconds: int | None) -> str:
    if not milliseconds:
        return ""
    return told_time(milliseconds / 1000)
