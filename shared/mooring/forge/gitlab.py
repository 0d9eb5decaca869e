"""GitLab, on gitlab.com or anywhere else, with subgroups (REST API v4).

Pages: "Commits API" (merge requests associated with a commit), "Merge requests API" (also its reviewers), "Merge
request approvals API", "Notes API", "Project webhooks API". A project is named by its whole path, quoted. Who approved
may be nobody who was asked to review, so both lists count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mooring.errors import RejectedError
from mooring.forge.github import last_words
from mooring.forge.ports import Change, Check, CheckState, Hook, Proposal, State
from mooring.forge.rest import Answer, Rest, segment
from mooring.model.mergedrequest import MergedRequest, Verdict

__all__ = ["GitLab"]

_EVENTS = ("merge_requests_events", "push_events", "tag_push_events")
_PAGED = {"per_page": 100}
_CHECKS: Mapping[str, CheckState] = {
    "success": "passed",
    "skipped": "passed",
    "manual": "passed",
    "failed": "failed",
    "canceled": "failed",
}
_SIGNING = "whsec_"
_STATES: Mapping[str, State] = {"merged": "merged", "opened": "open", "locked": "open"}
_VERDICTS: Mapping[str, Verdict] = {
    "approved": "approved",
    "requested_changes": "changes requested",
    "reviewed": "commented",
    "unapproved": "commented",
}


class GitLab:
    """One project, by its path with all groups."""

    def __init__(self, rest: Rest, project: str) -> None:
        self._rest = rest
        self._base = f"/projects/{segment(project)}"

    def merged_request(self, commit: str) -> MergedRequest | None:
        """As `CodeHost`. Of several, the one that made the commit counts before those that merely contain it."""
        listed = self._all(f"{self._base}/repository/commits/{segment(commit)}/merge_requests")
        merged = [each for each in listed if each["state"] == "merged"]
        makes = ("merge_commit_sha", "squash_commit_sha", "sha")
        merged.sort(key=lambda each: (commit not in [each.get(name) for name in makes], each["iid"]))
        if not merged:
            return None
        found = merged[0]
        path = f"{self._base}/merge_requests/{found['iid']}"
        given: list[tuple[str, Verdict]] = [
            (each["user"]["username"], _VERDICTS.get(each.get("state", ""), "none"))
            for each in self._all(f"{path}/reviewers")
        ]
        approvals = self._rest.get(f"{path}/approvals")
        approvers = (approvals.body.get("approved_by") or ()) if approvals is not None else ()
        given += [(each["user"]["username"], "approved") for each in approvers]
        merger = found.get("merge_user") or found.get("merged_by")
        return MergedRequest(
            number=found["iid"],
            title=found["title"],
            url=found["web_url"],
            author=_username(found.get("author")),
            merged_by=_username(merger),
            created_at=found.get("created_at") or "",
            merged_at=found.get("merged_at") or "",
            labels=tuple(found.get("labels") or ()),
            reviews=last_words(given),
        )

    def open_change(self, proposal: Proposal) -> Change:
        """As `CodeHost`."""
        body = {
            "source_branch": proposal.head,
            "target_branch": proposal.base,
            "title": proposal.title,
            "description": proposal.body,
        }
        return _change(self._rest.send("POST", f"{self._base}/merge_requests", body).body)

    def find_change(self, head: str, base: str) -> Change | None:
        """As `CodeHost`."""
        asked = {"state": "opened", "source_branch": head, "target_branch": base}
        return next(map(_change, self._all(f"{self._base}/merge_requests", **asked)), None)

    def change(self, number: int) -> Change | None:
        """As `CodeHost`."""
        found = self._rest.get(f"{self._base}/merge_requests/{number}")
        return None if found is None else _change(found.body)

    def rewrite_change(self, number: int, title: str, body: str) -> None:
        """As `CodeHost`."""
        self._rest.send("PUT", f"{self._base}/merge_requests/{number}", {"title": title, "description": body})

    def comment(self, number: int, text: str) -> None:
        """As `CodeHost`."""
        self._rest.send("POST", f"{self._base}/merge_requests/{number}/notes", {"body": text})

    def close_change(self, number: int) -> None:
        """As `CodeHost`."""
        self._rest.send("PUT", f"{self._base}/merge_requests/{number}", {"state_event": "close"})

    def label_change(self, number: int, labels: Sequence[str]) -> None:
        """As `LabelHost` ("Update MR")."""
        self._rest.send("PUT", f"{self._base}/merge_requests/{number}", {"add_labels": ",".join(labels)})

    def checks(self, commit: str) -> Sequence[Check]:
        """As `CheckHost` ("List commit statuses": jobs and what others set; a job that may fail counts as passed)."""
        return [
            Check(each["name"], "passed" if each.get("allow_failure") else _CHECKS.get(each["status"], "pending"))
            for each in self._all(f"{self._base}/repository/commits/{segment(commit)}/statuses")
        ]

    def hooks(self) -> Sequence[Hook]:
        """As `HookHost`."""
        return [_hook(each) for each in self._all(f"{self._base}/hooks")]

    def create_hook(self, url: str, secret: str) -> Hook:
        """As `HookHost`."""
        return self._sent("POST", f"{self._base}/hooks", url, secret)

    def update_hook(self, hook: Hook, secret: str) -> Hook:
        """As `HookHost`."""
        return self._sent("PUT", f"{self._base}/hooks/{hook.id}", hook.url, secret)

    def _sent(self, method: str, path: str, url: str, secret: str) -> Hook:
        """A hook that is verified as the secret says. A GitLab that knows no signing tokens passes them over."""
        signed = secret.startswith(_SIGNING)
        wish = {"url": url, "enable_ssl_verification": True, **dict.fromkeys(_EVENTS, True)}
        answer = self._rest.send(method, path, {**wish, "signing_token" if signed else "token": secret}).body
        if signed and not answer.get("signing_token_present"):
            raise RejectedError(
                "this GitLab knows no signing tokens; put a plain token first in the secret of webhooks, then install "
                "again",
                field="webhook.gitlab.secret",
            )
        return _hook(answer)

    def _all(self, path: str, **query: str) -> Iterator[Any]:
        first = self._rest.get(path, **query, **_PAGED)
        if first is None:
            raise self._rest.missing("such project, commit or merge request")
        for answer in self._rest.pages(first, Answer.next_link):
            yield from answer.body


def _change(item: Any) -> Change:
    state = _STATES.get(item["state"], "closed")
    head, base = item["source_branch"], item["target_branch"]
    return Change(item["iid"], item["title"], item.get("description") or "", item["web_url"], head, base, state)


def _username(user: Any) -> str:
    return str(user["username"]) if user else ""


def _hook(item: Any) -> Hook:
    events = tuple(sorted(name for name, on in item.items() if name.endswith("_events") and on is True))
    return Hook(str(item["id"]), item["url"], events, item.get("alert_status", "executable") == "executable")
