"""What a change of the table is to a page: of which thing, and what of it, never what it became.

A page that is told asks again, by the routes that decide what it may see. So a message says a kind, a name and which
parts are new; changes of one batch that are about the same thing are one. Leases, inventories and notes are nothing to
a page, and the template's filter starts nobody for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.model.settemplate import project_of_set
from mooring.state.packing import unpack
from mooring.state.projects import CLUSTERS, PROJECT_VERSION
from mooring.state.stream import Change

__all__ = ["News", "news_of", "project_of", "read_topics", "wanted_by"]

_OF_KINDS: Final = {
    "applications": "application",
    "applicationsets": "applicationset",
    "clusters": "cluster",
    "deliveries": "delivery",
    "projects": "project",
    "promotions": "promotion",
    "repositories": "repository",
    "settings": "settings",
}
_DECLARED: Final = {"APP#": "application", "APPSET#": "applicationset", "PROMOTION#": "promotion"}
_PARTS: Final = {
    "SPEC": "spec", "WANTED": "revision", "STATUS": "status", "REQUEST": "request", "IMAGES": "images",
    "OP": "operations", "DRIFT": "drift", "HIST": "history",
}  # fmt: skip
_MOST_TOPICS: Final = 50
_LONGEST_TOPIC: Final = 400


@dataclass(slots=True)
class News:
    """One thing that changed. `projects` and `place` are what a decision about it needs, as far as images say it:
    the projects that it was and is declared in, and the address of a cluster.
    """

    kind: str
    name: str
    pk: str
    what: set[str] = field(default_factory=set)
    version: int = 0
    projects: set[str] = field(default_factory=set)
    place: str = ""

    def told(self) -> dict[str, Any]:
        """As a page is told; `version` only ever grows for one thing, so what was heard before can be left out."""
        return {"kind": self.kind, "name": self.name, "what": sorted(self.what), "version": f"{self.version:040}"}


def news_of(changes: Iterable[Change]) -> list[News]:
    """What the changes of one batch come to, one for each thing, in the order in which they were noticed."""
    found: dict[tuple[str, str], News] = {}
    for change in changes:
        subject = _subject(change)
        if subject is None:
            continue
        kind, name, what = subject
        news = found.setdefault((kind, name), News(kind, name, change.pk))
        news.what.add(what)
        news.version = max(news.version, change.sequence)
        for image in (change.before, change.after):
            if image is None:
                continue
            if change.sk == "SPEC":
                news.projects.add(project_of(kind, unpack(image["body"])))
            elif kind == "cluster":
                news.projects.add(str(image.get("project", "")))
                news.place = str(image.get("server") or change.sk)
    return list(found.values())


def project_of(kind: str, spec: Mapping[str, Any]) -> str:
    """The project of what is declared, as its `SPEC` has it; `*` for a set that makes up those of its applications."""
    declared = spec["declared"].get("spec") or {}
    if kind == "applicationset":
        return project_of_set(spec["declared"])
    return str(declared.get("project") or "default")


def wanted_by(news: News, topics: Iterable[str]) -> bool:
    """Whether somebody with these topics wants to be told."""
    for topic in topics:
        kind, _, name = topic.partition(":")
        if kind == "drift":
            if "drift" in news.what:
                return True
        elif name:
            if (kind, name) == (news.kind, news.name):
                return True
        elif _OF_KINDS[kind] == news.kind:
            return True
    return False


def read_topics(value: object) -> tuple[str, ...]:
    """What a page asks to be told of. Raises `ConfigurationError`."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ConfigurationError("must be a list of texts", field="topics")
    if len(value) > _MOST_TOPICS or any(len(each) > _LONGEST_TOPIC for each in value):
        raise ConfigurationError(
            f"must be {_MOST_TOPICS} at most, of {_LONGEST_TOPIC} characters at most", field="topics"
        )
    for each in value:
        kind, colon, name = each.partition(":")
        if not (name and kind in _OF_KINDS.values() if colon else kind in _OF_KINDS or kind == "drift"):
            known = ", ".join(("drift", *_OF_KINDS))
            raise ConfigurationError(
                f"{each!r} is none; write one of {known}, or KIND:NAME as in application:argocd/shop", field="topics"
            )
    return tuple(dict.fromkeys(value))


def _subject(change: Change) -> tuple[str, str, str] | None:
    for prefix, kind in _DECLARED.items():
        if change.pk.startswith(prefix):
            part = _PARTS.get(change.sk.partition("#")[0])
            return None if part is None else (kind, change.pk.removeprefix(prefix), part)
    if change.pk == CLUSTERS:
        if change.sk.startswith(PROJECT_VERSION):
            return "project", change.sk.removeprefix(PROJECT_VERSION), "spec"
        if change.sk.startswith("#"):
            return ("settings", "", "spec") if change.sk == "#settings" else None
        return "cluster", change.sk, "status"
    if change.pk == "CREDENTIALS":
        return "repository", change.sk, "spec"
    return ("delivery", "", "status") if change.pk == "DELIVERIES" else None
