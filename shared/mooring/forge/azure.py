"""Azure DevOps Services and Server (REST API 7.0).

Pages: "Pull Request Query", "Pull Requests" (create, get, update), "Pull Request Threads", "Statuses - List". A vote
of 10 or 5 approves (5 with suggestions), -5 waits for the author, -10 rejects ("Pull Request Reviewers"). A query for
the commit that a merge made is one request, reviewers, votes and labels included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mooring.forge.ports import Change, Check, CheckState, Proposal, State
from mooring.forge.rest import Rest, segment
from mooring.model.mergedrequest import MergedRequest, Review, Verdict

__all__ = ["AzureDevOps"]

_VERSION = {"api-version": "7.0"}
_HEADS = "refs/heads/"
_MOST = 1000  # statuses of one answer
_CHECKS: Mapping[str, CheckState] = {
    "succeeded": "passed", "notApplicable": "passed", "pending": "pending", "notSet": "pending",
}  # fmt: skip
_STATES: Mapping[str, State] = {"active": "open", "completed": "merged"}


class AzureDevOps:
    """One repository of a team project; the client's address ends in the organization (or collection)."""

    def __init__(self, rest: Rest, project: str, name: str) -> None:
        self._rest = rest
        self._page = f"{rest.base}/{segment(project)}/_git/{segment(name)}/pullrequest"
        self._base = f"/{segment(project)}/_apis/git/repositories/{segment(name)}"

    def merged_request(self, commit: str) -> MergedRequest | None:
        """As `CodeHost`; of requests that merely contain the commit, the first that was completed."""
        query = {"queries": [{"type": kind, "items": [commit]} for kind in ("lastMergeCommit", "commit")]}
        answers = self._rest.send("POST", f"{self._base}/pullrequestquery", query, **_VERSION).body["results"]
        for answer in answers:
            done = [each for each in answer.get(commit) or () if each["status"] == "completed"]
            if done:
                return self._merged(min(done, key=lambda each: int(each["pullRequestId"])))
        return None

    def _merged(self, item: Any) -> MergedRequest:
        reviews = tuple(
            Review(_name(each), _verdict(each.get("vote", 0)))
            for each in item.get("reviewers") or ()
            if not each.get("isContainer")
        )
        return MergedRequest(
            number=item["pullRequestId"],
            title=item["title"],
            url=f"{self._page}/{item['pullRequestId']}",
            author=_name(item.get("createdBy")),
            merged_by=_name(item.get("closedBy")),
            created_at=item.get("creationDate") or "",
            merged_at=item.get("closedDate") or "",
            labels=tuple(each["name"] for each in item.get("labels") or ()),
            reviews=reviews,
        )

    def open_change(self, proposal: Proposal) -> Change:
        """As `CodeHost`."""
        body = {
            "sourceRefName": _HEADS + proposal.head,
            "targetRefName": _HEADS + proposal.base,
            "title": proposal.title,
            "description": proposal.body,
        }
        return self._change(self._rest.send("POST", f"{self._base}/pullrequests", body, **_VERSION).body)

    def find_change(self, head: str, base: str) -> Change | None:
        """As `CodeHost`; Azure lets no second one be open between the same branches."""
        query = {
            "searchCriteria.status": "active",
            "searchCriteria.sourceRefName": _HEADS + head,
            "searchCriteria.targetRefName": _HEADS + base,
            **_VERSION,
        }
        found = self._rest.required(f"{self._base}/pullrequests", "such repository", **query).body["value"]
        return self._change(found[0]) if found else None

    def change(self, number: int) -> Change | None:
        """As `CodeHost`."""
        found = self._rest.get(f"{self._base}/pullrequests/{number}", **_VERSION)
        return None if found is None else self._change(found.body)

    def rewrite_change(self, number: int, title: str, body: str) -> None:
        """As `CodeHost`."""
        self._patch(number, {"title": title, "description": body})

    def comment(self, number: int, text: str) -> None:
        """As `CodeHost`: a thread with one comment, closed, so that it blocks nothing."""
        thread = {"comments": [{"parentCommentId": 0, "content": text, "commentType": 1}], "status": "closed"}
        self._rest.send("POST", f"{self._base}/pullrequests/{number}/threads", thread, **_VERSION)

    def close_change(self, number: int) -> None:
        """As `CodeHost`; Azure says abandoned."""
        self._patch(number, {"status": "abandoned"})

    def label_change(self, number: int, labels: Sequence[str]) -> None:
        """As `LabelHost` ("Pull Request Labels - Create")."""
        for name in labels:
            self._rest.send("POST", f"{self._base}/pullrequests/{number}/labels", {"name": name}, **_VERSION)

    def checks(self, commit: str) -> Sequence[Check]:
        """As `CheckHost`; a check is called `GENRE/NAME`, as Azure shows it, or `NAME` where it has no genre."""
        path, found, full = f"{self._base}/commits/{segment(commit)}/statuses", list[Check](), True
        while full:
            asked: dict[str, str | int] = {"latestOnly": "true", "top": _MOST, "skip": len(found), **_VERSION}
            listed = self._rest.required(path, "such commit", **asked).body["value"]
            found += [Check(_context(each["context"]), _CHECKS.get(each["state"], "failed")) for each in listed]
            full = len(listed) >= _MOST
        return found

    def _patch(self, number: int, body: Mapping[str, Any]) -> None:
        self._rest.send("PATCH", f"{self._base}/pullrequests/{number}", body, **_VERSION)

    def _change(self, item: Any) -> Change:
        number, state = item["pullRequestId"], _STATES.get(item["status"], "closed")
        head, base = item["sourceRefName"].removeprefix(_HEADS), item["targetRefName"].removeprefix(_HEADS)
        return Change(number, item["title"], item.get("description") or "", f"{self._page}/{number}", head, base, state)


def _verdict(vote: int) -> Verdict:
    return "approved" if vote > 0 else "changes requested" if vote < 0 else "none"


def _context(context: Any) -> str:
    return "/".join(each for each in (context.get("genre"), context["name"]) if each)


def _name(user: Any) -> str:
    return str(user.get("uniqueName") or user.get("displayName") or "") if user else ""
