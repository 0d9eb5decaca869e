"""What was last found out about the images of an application, and what was written for it.

`APP#<ns>/<name>` `IMAGES` is written when something has changed and at no other time: which images its bundle runs (so
that a look needs no bundle that it has seen), what each of them should run, and how far that got. It goes with its
application. What somebody wants to see before it is done is kept for an hour, as `PREVIEW#<id>` `IMAGES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mooring.errors import ConflictError
from mooring.model.application import AppKey
from mooring.state.lists import application_pk
from mooring.state.packing import pack, unpack
from mooring.state.table import Key, Operation, Table, check, put

__all__ = ["ImageRow", "ImageStates", "ImagesState", "OpenRequest"]

_PART = "IMAGES"
_PLAN_KEPT = 3600  # seconds


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One image: what runs, what should (both as people call them: tag, or tag@digest), and what is in the way.

    `reached` is what it was last brought to, or seen at, and `reached_at` when that was written, in seconds since the
    epoch; 0 where it was seen running. `since` is when something about this row last changed.
    """

    alias: str
    image: str
    current: str = ""
    wanted: str = ""
    message: str = ""
    error: bool = False
    held: bool = False
    reached: str = ""
    reached_at: float = 0.0
    commit: str = ""
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """The pull request that carries an application's tags: its branch's repository, base and name, and its number."""

    url: str
    base: str
    head: str
    credential: str
    number: int
    web: str
    state: str


@dataclass(frozen=True, slots=True)
class ImagesState:
    """`settings` is a digest of what is declared about the images; `running` are those that `bundle` names."""

    settings: str = ""
    bundle: str = ""
    running: tuple[str, ...] = ()
    rows: tuple[ImageRow, ...] = ()
    request: OpenRequest | None = None
    error: str = ""

    def row(self, alias: str) -> ImageRow | None:
        """The row of an image."""
        return next((each for each in self.rows if each.alias == alias), None)


class ImageStates:
    """What is known of images, by application."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, keys: Iterable[AppKey]) -> dict[AppKey, ImagesState]:
        """Of any number of applications, a hundred a request; empty ones for those that nobody has looked at."""
        apps: dict[Key, AppKey] = {(application_pk(key), _PART): key for key in keys}
        found = self._table.get_many(apps) if apps else {}
        return {key: _state(unpack(found[at]["body"])) if at in found else ImagesState() for at, key in apps.items()}

    def save(self, key: AppKey, state: ImagesState, *told: Operation) -> None:
        """Keeps what was found, together with what people are told of it (`state.happenings`), so that both are done or
        neither; nothing for an application that was deleted meanwhile.
        """
        pk = application_pk(key)
        try:
            self._table.write(
                put({"pk": pk, "sk": _PART, "body": pack(asdict(state))}),
                check((pk, "SPEC"), "attribute_exists(pk)"),
                *told,
            )
        except ConflictError:
            return  # deleted; or declared at this moment, and looked at again

    def put_plan(self, id_: str, found: Mapping[str, Any], now: float) -> None:
        """Keeps an answer for an hour; an empty one says that it is asked for."""
        self._table.write(
            put({"pk": f"PREVIEW#{id_}", "sk": _PART, "ttl": int(now) + _PLAN_KEPT, "body": pack(dict(found))})
        )

    def plan(self, id_: str) -> dict[str, Any] | None:
        """What is kept under that id; empty until there is an answer, None where nobody asked."""
        item = self._table.get((f"PREVIEW#{id_}", _PART))
        return None if item is None else dict(unpack(item["body"]))


def _state(body: dict[str, Any]) -> ImagesState:
    request = body["request"]
    return ImagesState(
        body["settings"],
        body["bundle"],
        tuple(body["running"]),
        tuple(ImageRow(**each) for each in body["rows"]),
        None if request is None else OpenRequest(**request),
        body["error"],
    )
