"""How applications are found: by name in one list of all, and beside each repository that they follow.

The lists hold just enough to decide who is concerned by a push, a sweep or a cluster; everything else is in the items
of the application itself (see `state.applications`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from mooring.model.application import AppKey, Destination
from mooring.model.tracking import APP_LABEL
from mooring.state.records import Spec
from mooring.state.summaries import SUMMARISED
from mooring.state.table import Item, Operation, check, delete, update
from mooring.state.wanted import Input

__all__ = [
    "APPLICATIONS",
    "GONE",
    "Follower",
    "Follows",
    "Listed",
    "application_pk",
    "follower_from",
    "following",
    "listed_from",
    "listed_item",
    "listing",
    "repository_pk",
    "targets_of",
]

_IMAGE_LIST = "argocd-image-updater.argoproj.io/image-list"  # spelled out: most who list never parse it
APPLICATIONS = "APPS"
GONE = "GONE"  # applications that were deleted, whose records stay
"""The partition with one item for each application."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One application as the registry lists it: enough to know which sources and cluster concern it.

    `sources` are the declared ones, without revisions; `label` is the tracking label of the application that declares
    it, empty where a person does; `owner` the ApplicationSet that it comes from; `images` its annotation that names
    images to be kept up to date; `summarised` says that its items have what lists show (`state.summaries`).
    """

    key: AppKey
    sources: tuple[Input, ...]
    generation: int
    destination: Destination
    label: str = ""
    owner: str = ""
    images: str = ""
    summarised: bool = True


@dataclass(frozen=True, slots=True)
class Follower:
    """An application that reads a repository: at which revisions (as declared), and which paths as far as known."""

    key: AppKey
    targets: tuple[str, ...]
    depends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Follows:
    """Which repositories an application follows from now on (targets and paths by normalised address), and which no
    longer.
    """

    key: AppKey
    repositories: Mapping[str, tuple[Sequence[str], Sequence[str]]]
    gone: frozenset[str]


def application_pk(key: AppKey) -> str:
    """The partition of one application."""
    return f"APP#{key}"


def repository_pk(repository: str) -> str:
    """The partition of those who follow a repository (a normalised address)."""
    return f"REPO#{repository}"


def _beside(repository: str, key: AppKey) -> tuple[str, str]:
    return repository_pk(repository), f"APP#{key}"


def listed_item(spec: Spec) -> Item:
    """An application's item in the list of all."""
    application = spec.application
    sources = [[each.repo_url, each.target_revision, each.chart] for each in application.sources]
    item: Item = {
        "pk": APPLICATIONS,
        "sk": str(application.key),
        "generation": spec.generation,
        "sources": orjson.dumps(sources).decode(),
        "server": application.destination.server,
        "cluster": application.destination.name,
        "label": str((application.declared["metadata"].get("labels") or {}).get(APP_LABEL, "")),
        SUMMARISED: True,
    }
    images = str((application.declared["metadata"].get("annotations") or {}).get(_IMAGE_LIST, ""))
    return item | ({"owner": spec.owner} if spec.owner else {}) | ({"images": images} if images else {})


def listed_from(item: Item) -> Listed:
    """The inverse of `listed_item`."""
    sources = tuple(Input(*each) for each in orjson.loads(item["sources"]))
    destination = Destination(server=item["server"], name=item["cluster"])
    key, owner = AppKey.parse(item["sk"]), item.get("owner", "")
    images, summarised = item.get("images", ""), item.get(SUMMARISED, False)
    return Listed(key, sources, item["generation"], destination, item["label"], owner, images, summarised)


def listing(key: AppKey, follows: Mapping[str, Sequence[str]], gone: Iterable[str]) -> list[Operation]:
    """The writes that list an application beside the repositories that it follows now, and take it from those it
    doesn't; what is known of its paths stays.
    """
    return [
        *(update(_beside(name, key), {"targets": "\n".join(targets)}) for name, targets in follows.items()),
        *(delete(_beside(name, key)) for name in gone),
    ]


def following(change: Follows) -> list[Operation]:
    """The writes of what a render has found out, under the condition that the application is there."""
    return [
        check((application_pk(change.key), "SPEC"), "attribute_exists(pk)"),
        *(
            update(_beside(name, change.key), {"targets": "\n".join(targets), "depends": "\n".join(depends)})
            for name, (targets, depends) in change.repositories.items()
        ),
        *(delete(_beside(name, change.key)) for name in change.gone),
    ]


def follower_from(item: Item) -> Follower:
    """What stands beside a repository of an application."""
    key = AppKey.parse(item["sk"].removeprefix("APP#"))
    return Follower(key, targets_of(item), _lines(item, "depends"))


def targets_of(item: Item) -> tuple[str, ...]:
    """The revisions that somebody follows, as declared."""
    return _lines(item, "targets")


def _lines(item: Item, name: str) -> tuple[str, ...]:
    text = item.get(name)
    return tuple(text.split("\n")) if text else ()
