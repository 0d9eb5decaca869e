"""What our own templates say: one summary for each thing that can happen. Pure.

The summary holds everything that is known of who did it and which commit and pull request it came with; how much of it
is shown, and how, is up to the service. A user's template of the same name takes the place of one of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mooring.model.mergedrequest import MergedRequest
from mooring.notify.message import Policy, Summary, Tone, shortened

__all__ = ["WORDED", "Known", "describe"]

_LONGEST_TEXT: Final = 1500
_SHORT_SHA: Final = 8
_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when something is told: the application as Argo CD's API shows it (empty for a cluster), what has
    happened, who wrote the revision, who let it in, the drift that a heal put back, and the user's own context.
    """

    name: str
    app: Mapping[str, Any] = field(default_factory=dict)
    event: Mapping[str, Any] = field(default_factory=dict)
    commit: Mapping[str, str] = field(default_factory=dict)
    request: MergedRequest | None = None
    drifts: Sequence[Mapping[str, Any]] = ()
    context: Mapping[str, str] = field(default_factory=dict)
    trigger: str = ""


def describe(template: str, known: Known) -> Summary:
    """The summary of one of our templates (`WORDED`)."""
    title, text, tone, group, policy = WORDED[template](known)
    return Summary(
        title,
        shortened(text, _LONGEST_TEXT),
        tone,
        tuple(_facts(known)),
        tuple(_links(known)),
        group,
        policy,
        template == "drift-accused",
        known.commit.get("url", ""),
        _revision(known),
        known.name,
        known.trigger,
    )


_Words = tuple[str, str, Tone, str, Policy]


def _operation(known: Known) -> Mapping[str, Any]:
    found: Mapping[str, Any] = known.app.get("status", {}).get("operationState") or {}
    return found


def _revision(known: Known) -> str:
    result = _operation(known).get("syncResult") or {}
    named = result.get("revision") or ",".join(result.get("revisions") or ())
    return str(named or known.app.get("status", {}).get("sync", {}).get("revision", ""))


def _deployment(known: Known) -> str:
    """One message for each deployment: of a revision, in as many operations as it takes; a heal is none."""
    operation = _operation(known)
    if operation.get("kind") not in (None, "sync"):
        return f"operation {operation.get('id')}"
    return f"deployment {_revision(known) or _operation(known).get('id', '')}"


def _created(known: Known) -> _Words:
    by = known.event.get("by") or ""
    return f"{known.name} was created", f"by {by}" if by else "", "info", "", "Post"


def _deleted(known: Known) -> _Words:
    by = known.event.get("by") or ""
    return f"{known.name} is being deleted", f"by {by}" if by else "", "info", "", "Post"


def _deployed(known: Known) -> _Words:
    return f"{known.name} is deployed", _subject(known), "good", _deployment(known), "Update"


def _degraded(known: Known) -> _Words:
    message = known.app["status"]["health"].get("message", "")
    return f"{known.name} is Degraded", message, "bad", _deployment(known), "PostAndUpdate"


def _failed(known: Known) -> _Words:
    message = str(_operation(known).get("message", ""))
    return f"Sync of {known.name} failed", message, "bad", _deployment(known), "PostAndUpdate"


def _running(known: Known) -> _Words:
    return f"{known.name} is being synced", _subject(known), "running", _deployment(known), "Update"


def _succeeded(known: Known) -> _Words:
    return f"{known.name} was synced", _subject(known), "good", _deployment(known), "Update"


def _unknown(known: Known) -> _Words:
    told = [str(each["message"]) for each in _conditions(known) if str(each["type"]).endswith("Error")]
    return f"Sync status of {known.name} is Unknown", "\n".join(told), "bad", "", "Post"


def _restored(known: Known) -> _Words:
    lines = [f"{_drift_words(each)}{_by(each)}; it is as in git again" for each in known.drifts[:_MOST_NAMED]]
    more = len(known.drifts) - _MOST_NAMED
    lines += [f"and {more} more"] if more > 0 else []
    group = f"drift {known.drifts[0]['id']}" if known.drifts else ""
    return f"{known.name} is Healthy", "\n".join(lines), "good", group, "Post"


def _drift(known: Known) -> _Words:
    drift = known.event["drift"]
    text = f"{_drift_words(drift)}{_by(drift)}"
    fields = [f"• {each}" for each in drift.get("fields", ())[:_MOST_NAMED]]
    title = f"{known.name} was changed beside git"
    return title, "\n".join([text, *fields]), "bad", f"drift {drift['id']}", "Post"


def _accused(known: Known) -> _Words:
    title, text, tone, group, _ = _drift(known)
    return title, text, tone, group, "Update"


def _reverted(known: Known) -> _Words:
    drift = known.event["drift"]
    text = f"{_drift_words(drift)}{_by(drift)}; it is as in git again"
    return f"A change of {known.name} was undone", text, "good", f"drift {drift['id']}", "Post"


def _condition(type_: str, title: str) -> Callable[[Known], _Words]:
    def words(known: Known) -> _Words:
        told = [str(each["message"]) for each in _conditions(known) if each["type"] == type_]
        return title.format(known.name), "\n".join(told), "bad", "", "Post"

    return words


def _told(title: str, tone: Tone) -> Callable[[Known], _Words]:
    """Of what another part of Mooring tells in its own words (`state.happenings`)."""

    def words(known: Known) -> _Words:
        facts = known.event.get("facts") or {}
        group = str(facts.get("group", ""))
        return str(facts.get("title") or title.format(known.name)), str(facts.get("text", "")), tone, group, "Update"

    return words


def _unreachable(known: Known) -> _Words:
    text = f"{known.event.get('reason', '')}\nIts applications are neither synced nor watched until it answers."
    return f"Cluster {known.name} is out of reach", text.strip(), "bad", f"outage {known.event.get('since')}", "Post"


def _back(known: Known) -> _Words:
    return f"Cluster {known.name} is back", "", "good", f"outage {known.event.get('since')}", "PostAndUpdate"


def _over(known: Known) -> _Words:
    status = (known.app.get("status", {}).get("health") or {}).get("status", "")
    title = f"{known.name} is {status} again" if status == "Healthy" else f"{known.name} is gone"
    return title, f"{known.trigger} is over", "good", "", "Post"


WORDED: Final[Mapping[str, Callable[[Known], _Words]]] = {
    "alarm-over": _over,
    "app-created": _created,
    "app-deleted": _deleted,
    "app-deployed": _deployed,
    "app-health-degraded": _degraded,
    "app-health-restored": _restored,
    "app-sync-failed": _failed,
    "app-sync-running": _running,
    "app-sync-status-unknown": _unknown,
    "app-sync-succeeded": _succeeded,
    "cluster-back": _back,
    "cluster-unreachable": _unreachable,
    "drift-accused": _accused,
    "drift-found": _drift,
    "drift-reverted": _reverted,
    "fight": _condition("FightDetected", "Somebody and Mooring undo each other's changes of {}"),
    "image-updated": _told("Images of {} were updated", "info"),
    "promotion-opened": _told("A promotion to {} was proposed", "info"),
    "secret-error": _condition("SecretError", "Secrets of {} can't be made"),
}
"""Our templates by name."""


def _conditions(known: Known) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = known.app.get("status", {}).get("conditions") or ()
    return found


def _subject(known: Known) -> str:
    return known.commit.get("subject", "")


_DONE: Final = {
    "changed": "was changed",
    "deleted": "was deleted",
    "recreated": "was deleted and made anew",
    "label lost": "lost our label",
    "foreign": "got fields that git does not know",
    "orphan": "appeared, which is not in git",
    "orphan gone": "is gone, which was not in git",
}


def _drift_words(drift: Mapping[str, Any]) -> str:
    return f"{drift['kind']} {drift['name']} {_DONE.get(drift['what'], drift['what'])}"


def _by(drift: Mapping[str, Any]) -> str:
    """Who it was: by the audit log, or at least by which field manager."""
    if drift.get("who"):
        return f" by {drift['who']}" + (f" ({drift['agent']})" if drift.get("agent") else "")
    return f" by the field manager {drift['manager']}" if drift.get("manager") else ""


def _facts(known: Known) -> list[tuple[str, str]]:
    if not known.app:
        return []
    status, spec = known.app.get("status", {}), known.app.get("spec", {})
    destination = spec.get("destination") or {}
    to = "/".join(filter(None, (destination.get("name") or destination.get("server"), destination.get("namespace"))))
    facts = [
        ("Application", str(known.app["metadata"]["name"])),
        ("Project", str(spec.get("project", ""))),
        ("Destination", to),
        ("Sync", str(status.get("sync", {}).get("status", ""))),
        ("Health", str(status.get("health", {}).get("status", ""))),
    ]
    revision = _revision(known)
    if revision:
        facts.append(("Revision", ", ".join(each[:_SHORT_SHA] for each in revision.split(","))))
    if known.commit.get("author"):
        facts.append(("Author", known.commit["author"]))
    initiator = (_operation(known).get("operation") or {}).get("initiatedBy") or {}
    if initiator.get("username") and not known.event.get("kind"):
        facts.append(("Started by", str(initiator["username"])))
    if known.request is not None:
        by = f", merged by {known.request.merged_by}" if known.request.merged_by else ""
        facts.append(("Pull request", f"#{known.request.number} {known.request.title}{by}"))
    return [(name, shortened(value, 200)) for name, value in facts if value]


def _links(known: Known) -> list[tuple[str, str]]:
    links = []
    own = (known.context.get("mooringUrl") or known.context.get("argocdUrl") or "").rstrip("/")
    if own and known.app:
        links.append(("Application", f"{own}/applications/{known.app['metadata']['name']}"))
    if known.request is not None and known.request.url:
        links.append(("Pull request", known.request.url))
    facts = known.event.get("facts") or {}
    if str(facts.get("url", "")).startswith("https://"):
        links.append(("Details", str(facts["url"])))
    return links
