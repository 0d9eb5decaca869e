"""Gitea and Forgejo (`/api/v1`), whose API resembles GitHub's and is not it.

Pages of their API: "Get the merged pull request of the commit", "List all reviews for a pull request", "Create a pull
request", "Update a pull request", "Add a comment to an issue", "Create a hook". Lists come in pages of `limit`, or of
fewer where a server's administrator says so. Some name the next page in `Link`, others (reviews, labels) tell only how
many there are in all, in `X-Total-Count`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mooring.forge.github import last_words
from mooring.forge.ports import Change, Check, CheckState, Hook
from mooring.forge.pulls import PullRequests, change_of
from mooring.forge.rest import Answer, Rest, segment
from mooring.model.mergedrequest import MergedRequest, Verdict

__all__ = ["Gitea", "counted"]

_EVENTS = ("create", "delete", "pull_request", "push")
_PAGED = {"limit": 50}
_MOST_PAGES = 100
_LABEL_COLOR = "#ededed"
_STATES: Mapping[str, CheckState] = {
    "success": "passed",
    "warning": "passed",
    "skipped": "passed",
    "pending": "pending",
}
_VERDICTS: Mapping[str, Verdict] = {
    "APPROVED": "approved",
    "REQUEST_CHANGES": "changes requested",
    "REQUEST_REVIEW": "none",
}


class Gitea(PullRequests):
    """One repository."""

    def __init__(self, rest: Rest, owner: str, name: str) -> None:
        super().__init__(rest, f"/repos/{segment(owner)}/{segment(name)}")

    def merged_request(self, commit: str) -> MergedRequest | None:
        """As `CodeHost`; only the commit that a merge made is known to a Gitea, not those that it brought along."""
        answer = self._rest.get(f"{self._base}/commits/{segment(commit)}/pull")
        if answer is None:
            return None
        found = answer.body
        given = (
            (each["user"]["login"], "commented" if each.get("dismissed") else _VERDICTS.get(each["state"], "commented"))
            for each in self._all(f"{self._base}/pulls/{found['number']}/reviews")
            if each.get("user") and each["state"] != "PENDING"
        )
        return MergedRequest(
            number=found["number"],
            title=found["title"],
            url=found["html_url"],
            author=_login(found.get("user")),
            merged_by=_login(found.get("merged_by")),
            created_at=found.get("created_at") or "",
            merged_at=found.get("merged_at") or "",
            labels=tuple(each["name"] for each in found.get("labels") or ()),
            reviews=last_words(given),
        )

    def find_change(self, head: str, base: str) -> Change | None:
        """As `CodeHost`; a Gitea does not choose by branches, so the open ones are read."""
        for each in self._all(f"{self._base}/pulls", state="open"):
            if (each["head"]["ref"], each["base"]["ref"]) == (head, base):
                return change_of(each)
        return None

    def label_change(self, number: int, labels: Sequence[str]) -> None:
        """As `LabelHost` ("Add a label to an issue", by number; those that the repository has not got are made)."""
        path = f"{self._base}/labels"
        known = {each["name"]: each["id"] for each in self._all(path)}
        for name in labels:
            if name not in known:
                known[name] = self._rest.send("POST", path, {"name": name, "color": _LABEL_COLOR}).body["id"]
        self._rest.send("POST", f"{self._base}/issues/{number}/labels", {"labels": [known[name] for name in labels]})

    def checks(self, commit: str) -> Sequence[Check]:
        """As `CheckHost` ("Get a commit's combined status", of which no page says whether it is the last)."""
        path, found = f"{self._base}/commits/{segment(commit)}/status", list[Check]()
        for page in range(1, _MOST_PAGES):
            listed = self._rest.required(path, f"commit {commit}", page=page, **_PAGED).body.get("statuses")
            if not listed:
                break
            found += [Check(each["context"], _STATES.get(each["status"], "failed")) for each in listed]
        return found

    def hooks(self) -> Sequence[Hook]:
        """As `HookHost`."""
        return [_hook(each) for each in self._all(f"{self._base}/hooks")]

    def create_hook(self, url: str, secret: str) -> Hook:
        """As `HookHost`."""
        body = {"type": "gitea", **_wish(url, secret)}
        return _hook(self._rest.send("POST", f"{self._base}/hooks", body).body)

    def update_hook(self, hook: Hook, secret: str) -> Hook:
        """As `HookHost`: a new one in its place, since an edit leaves the secret as it was (a Gitea 1.26)."""
        made = self.create_hook(hook.url, secret)
        self._rest.send("DELETE", f"{self._base}/hooks/{hook.id}", {})
        return made

    def _all(self, path: str, **query: str) -> Iterator[Any]:
        first = self._rest.get(path, **query, **_PAGED)
        if first is None:
            raise self._rest.missing(f"{path.removeprefix('/repos/')}")
        for answer in self._rest.pages(first, counted()):
            yield from answer.body


def counted() -> Callable[[Answer], str | None]:
    """Finds the page after each one of a list (see `Rest.pages`); to be made anew for every list."""
    page, seen = 1, 0

    def following(answer: Answer) -> str | None:
        nonlocal page, seen
        total = answer.headers.get("x-total-count", "")
        if not total.isdecimal():
            return answer.next_link()
        page, seen = page + 1, seen + len(answer.body)
        return answer.at_page(page) if answer.body and seen < int(total) else None

    return following


def _login(user: Any) -> str:
    return str(user["login"]) if user else ""


def _wish(url: str, secret: str) -> dict[str, Any]:
    return {"active": True, "events": list(_EVENTS), "config": {"url": url, "content_type": "json", "secret": secret}}


def _hook(item: Any) -> Hook:
    return Hook(str(item["id"]), item["config"].get("url", ""), tuple(sorted(item["events"])), bool(item["active"]))
