"""GitHub and GitHub Enterprise (REST API, version 2022-11-28).

Pages: "List pull requests associated with a commit", "Get a pull request", "List reviews for a pull request", "Create a
pull request", "Update a pull request", "Create an issue comment", "Repository webhooks". The list of a commit's pull
requests leaves out who merged, so a merged request takes three questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mooring.forge.ports import Change, Check, CheckState, Hook
from mooring.forge.pulls import PullRequests, change_of
from mooring.forge.rest import Answer, Rest, segment
from mooring.model.mergedrequest import MergedRequest, Review, Verdict

__all__ = ["GitHub", "last_words"]

_EVENTS = ("push", "pull_request", "create", "delete")
_PAGED = {"per_page": 100}
_STATES: Mapping[str, CheckState] = {"success": "passed", "pending": "pending"}
_CONCLUDED = frozenset({"success", "neutral", "skipped"})
_VERDICTS: Mapping[str, Verdict] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes requested",
    "DISMISSED": "commented",
}


class GitHub(PullRequests):
    """One repository."""

    def __init__(self, rest: Rest, owner: str, name: str) -> None:
        self._owner = owner
        super().__init__(rest, f"/repos/{segment(owner)}/{segment(name)}")

    def merged_request(self, commit: str) -> MergedRequest | None:
        """As `CodeHost`. Of several, the one that made the commit counts before those that merely contain it."""
        listed = self._all(f"{self._base}/commits/{segment(commit)}/pulls")
        merged = [each for each in listed if each.get("merged_at")]
        merged.sort(key=lambda each: (each.get("merge_commit_sha") != commit, each["number"]))
        if not merged:
            return None
        path = f"{self._base}/pulls/{merged[0]['number']}"
        found = self._rest.required(path, f"pull request {merged[0]['number']}").body
        given = (
            (each["user"]["login"], _VERDICTS.get(each["state"], "commented"))
            for each in self._all(f"{path}/reviews")
            if each.get("user") and each["state"] != "PENDING"
        )
        asked = [each["login"] for each in found.get("requested_reviewers") or ()]
        return MergedRequest(
            number=found["number"],
            title=found["title"],
            url=found["html_url"],
            author=_login(found.get("user")),
            merged_by=_login(found.get("merged_by")),
            created_at=found.get("created_at") or "",
            merged_at=found["merged_at"] or "",
            labels=tuple(each["name"] for each in found.get("labels") or ()),
            reviews=last_words(given, asked),
        )

    def find_change(self, head: str, base: str) -> Change | None:
        """As `CodeHost`."""
        listed = self._all(f"{self._base}/pulls", state="open", head=f"{self._owner}:{head}", base=base)
        return next((change_of(each) for each in listed if each["head"]["ref"] == head), None)

    def label_change(self, number: int, labels: Sequence[str]) -> None:
        """As `LabelHost` ("Add labels to an issue", which makes those that the repository has not got)."""
        self._rest.send("POST", f"{self._base}/issues/{number}/labels", {"labels": list(labels)})

    def checks(self, commit: str) -> Sequence[Check]:
        """As `CheckHost`: commit statuses and check runs ("Get the combined status for a specific reference", "List
        check runs for a Git reference").
        """
        base, found = f"{self._base}/commits/{segment(commit)}", []
        first = self._rest.required(f"{base}/status", f"commit {commit}", **_PAGED)
        for answer in self._rest.pages(first, Answer.next_link):
            found += [Check(each["context"], _STATES.get(each["state"], "failed")) for each in answer.body["statuses"]]
        first = self._rest.required(f"{base}/check-runs", f"commit {commit}", **_PAGED)
        for answer in self._rest.pages(first, Answer.next_link):
            for each in answer.body["check_runs"]:
                state: CheckState = "passed" if each["conclusion"] in _CONCLUDED else "failed"
                found.append(Check(each["name"], state if each["status"] == "completed" else "pending"))
        return found

    def hooks(self) -> Sequence[Hook]:
        """As `HookHost`."""
        return [_hook(each) for each in self._all(f"{self._base}/hooks")]

    def create_hook(self, url: str, secret: str) -> Hook:
        """As `HookHost`."""
        body = {"name": "web", **_wish(url, secret)}
        return _hook(self._rest.send("POST", f"{self._base}/hooks", body).body)

    def update_hook(self, hook: Hook, secret: str) -> Hook:
        """As `HookHost`."""
        return _hook(self._rest.send("PATCH", f"{self._base}/hooks/{hook.id}", _wish(hook.url, secret)).body)

    def _all(self, path: str, **query: str) -> Iterator[Any]:
        first = self._rest.get(path, **query, **_PAGED)
        if first is None:
            raise self._rest.missing(f"{path.removeprefix('/repos/')}")
        for answer in self._rest.pages(first, Answer.next_link):
            yield from answer.body


def last_words(given: Iterable[tuple[str, Verdict]], asked: Iterable[str] = ()) -> tuple[Review, ...]:
    """What each reviewer said last, in the order of their first word; a comment takes no verdict back."""
    words: dict[str, Verdict] = {}
    for reviewer, verdict in given:
        if verdict != "commented" or words.get(reviewer, "none") == "none":
            words[reviewer] = verdict
    for reviewer in asked:
        words.setdefault(reviewer, "none")
    return tuple(Review(reviewer, verdict) for reviewer, verdict in words.items())


def _login(user: Any) -> str:
    return str(user["login"]) if user else ""


def _wish(url: str, secret: str) -> dict[str, Any]:
    config = {"url": url, "content_type": "json", "secret": secret, "insecure_ssl": "0"}
    return {"active": True, "events": list(_EVENTS), "config": config}


def _hook(item: Any) -> Hook:
    return Hook(str(item["id"]), item["config"].get("url", ""), tuple(sorted(item["events"])), bool(item["active"]))
