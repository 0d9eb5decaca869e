"""Promotions in the table: what is declared, where each one stands, and what came of it before.

`PROMOTION#<ns>/<name>` holds `SPEC`, `STATUS` and a record for each thing that happened (`HIST#…`). Which applications
a promotion is about stands beside the clusters, which every function reads anyway: so a sync knows without asking whom
to tell, and a sweep what to look at.

Evaluations need no lease. What they write to git is found again by the name of its branch, and their status is written
only where nobody has written one since it was read; the record of what happened goes with it, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from mooring.model.promotionkey import PromotionKey
from mooring.model.tracking import APP_LABEL
from mooring.state.listedpromotions import PROMOTION_ENTRY, ListedPromotion, listed_from
from mooring.state.packing import pack, unpack
from mooring.state.projects import CLUSTERS
from mooring.state.table import Item, Key, Table, check, delete, put, update

if TYPE_CHECKING:
    from mooring.access.promotion import Promotion

__all__ = [
    "Happening",
    "Landing",
    "Phase",
    "PromotionRecord",
    "PromotionSpec",
    "PromotionStatus",
    "Promotions",
]

Phase = Literal[
    "", "Waiting", "Blocked", "UpToDate", "Proposed", "Declined", "Verifying", "Verified", "Failed", "Suspended"
]


@dataclass(frozen=True, slots=True)
class PromotionSpec:
    """A declared promotion; `generation` counts its changes, `by` is who made the last one."""

    promotion: Promotion
    generation: int
    warnings: tuple[str, ...]
    by: str = ""


@dataclass(frozen=True, slots=True)
class Landing:
    """Something that a promotion brought into the targets' branch, and whether it was seen to work there.

    `commit` is the branch's newest commit when it was there, `at` when that was seen, in seconds since the epoch.
    `expected` are fields of declared applications: application, index of the source, target revision. `arrived` is
    since when all targets have been synced to it and well, 0 as long as they aren't; `outcome` is empty until told.
    """

    identity: str
    carried: tuple[str, ...]
    commit: str
    at: float
    url: str = ""
    expected: tuple[tuple[str, int, str], ...] = ()
    arrived: float = 0.0
    outcome: Literal["", "verified", "failed"] = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class PromotionStatus:
    """Where a promotion stands, and why (`message`), since when. Times are seconds since the epoch.

    `carried` says in words what was written last, `identity` is a digest of it, `origin` where it came from. `url` and
    `number` are those of the open pull request, `commit` is what was written. `well` names the state that the source
    was seen healthy in, and `well_since` since when. `proposed` is the identity of what the open one holds, `declined`
    that of what somebody turned down.
    """

    phase: Phase = ""
    message: str = ""
    since: float = 0.0
    carried: tuple[str, ...] = ()
    identity: str = ""
    origin: dict[str, str] | None = None
    url: str = ""
    number: int = 0
    commit: str = ""
    proposed: str = ""
    well: str = ""
    well_since: float = 0.0
    declined: str = ""
    landing: Landing | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that came of a promotion: opened, updated, closed, merged, committed, verified or failed."""

    id: str
    at: float
    what: str
    message: str
    url: str = ""
    carried: tuple[str, ...] = ()
    origin: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PromotionRecord:
    """Everything about one promotion; `version` counts the writes of its status."""

    key: PromotionKey
    spec: PromotionSpec | None = None
    status: PromotionStatus = PromotionStatus()
    version: int = 0


class Promotions:
    """The promotions of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def declare(self, spec: PromotionSpec, previous: PromotionSpec | None) -> None:
        """Writes a declared promotion. Raises `ConflictError` where somebody else did since `previous` was read."""
        promotion = spec.promotion
        body = pack({"declared": promotion.declared, "warnings": spec.warnings, "by": spec.by})
        item = {"pk": _pk(promotion.key), "sk": "SPEC", "generation": spec.generation, "body": body}
        label = str((promotion.declared["metadata"].get("labels") or {}).get(APP_LABEL, ""))
        apps = "\n".join(str(each) for each in (promotion.source, *promotion.targets))
        self._table.write(
            put(item, "attribute_not_exists(pk)")
            if previous is None
            else put(item, "generation = :seen", seen=previous.generation),
            update(_entry(promotion.key), {"apps": apps, "label": label, "seen": ""}),
        )

    def remove(self, key: PromotionKey) -> None:
        """Removes a promotion; the record of what came of it stays, and so does what it opened."""
        self._table.write(delete(_entry(key)), *(delete((_pk(key), part)) for part in ("SPEC", "STATUS")))

    def listed(self) -> list[ListedPromotion]:
        """All promotions by name, in one query."""
        return [listed_from(item) for item in self._table.query(CLUSTERS, PROMOTION_ENTRY)]

    def load(self, keys: Iterable[PromotionKey]) -> dict[PromotionKey, PromotionRecord]:
        """Records of promotions, fifty a request; unknown ones come back without a spec."""
        wanted = list(dict.fromkeys(keys))
        items = self._table.get_many((_pk(key), part) for key in wanted for part in ("SPEC", "STATUS"))
        return {key: _record(key, items.get((_pk(key), "SPEC")), items.get((_pk(key), "STATUS"))) for key in wanted}

    def note(
        self,
        record: PromotionRecord,
        status: PromotionStatus,
        happened: Sequence[Happening] = (),
        *,
        due: float = 0.0,
        seen: str = "",
        listed: ListedPromotion | None = None,
    ) -> PromotionRecord:
        """Writes where a promotion stands now, and what happened; nothing where all is as it was.

        Raises `ConflictError` where somebody else did since the record was read, or removed it.
        """
        writes = []
        changed = status != record.status or bool(happened)
        if changed:
            item = {"pk": _pk(record.key), "sk": "STATUS", "version": record.version + 1, "body": pack(status)}
            condition = "version = :seen" if record.version else "attribute_not_exists(pk)"
            writes.append(put(item, condition, **({"seen": record.version} if record.version else {})))
            writes += [put({"pk": _pk(record.key), "sk": f"HIST#{each.id}", "body": pack(each)}) for each in happened]
        if listed is None or (listed.due, listed.seen) != (due, seen):
            writes.append(update(_entry(record.key), {"due": float(due), "seen": seen}, "attribute_exists(pk)"))
        if not writes:
            return record
        self._table.write(*writes, check((_pk(record.key), "SPEC"), "attribute_exists(pk)"))
        return replace(record, status=status, version=record.version + 1) if changed else record

    def history(self, key: PromotionKey, limit: int) -> list[Happening]:
        """What came of a promotion, newest first."""
        items = self._table.query(_pk(key), "HIST#", newest_first=True, limit=limit)
        return [_happening(unpack(item["body"])) for item in items]


def _pk(key: PromotionKey) -> str:
    return f"PROMOTION#{key}"


def _entry(key: PromotionKey) -> Key:
    return CLUSTERS, f"{PROMOTION_ENTRY}{key}"


def _record(key: PromotionKey, spec: Item | None, status: Item | None) -> PromotionRecord:
    declared = None
    if spec is not None:
        from mooring.access.promotion import parse_promotion  # with schedules and time zones

        body = unpack(spec["body"])
        parsed = parse_promotion(body["declared"]).promotion
        declared = PromotionSpec(parsed, spec["generation"], tuple(body["warnings"]), body["by"])
    if status is None:
        return PromotionRecord(key, declared)
    found: dict[str, Any] = unpack(status["body"])
    landing = found["landing"]
    found |= {"carried": tuple(found["carried"]), "landing": None if landing is None else _landing(landing)}
    return PromotionRecord(key, declared, PromotionStatus(**found), status["version"])


def _landing(body: dict[str, Any]) -> Landing:
    expected = tuple((app, index, value) for app, index, value in body["expected"])
    return Landing(**body | {"carried": tuple(body["carried"]), "expected": expected})


def _happening(body: dict[str, Any]) -> Happening:
    return Happening(**body | {"carried": tuple(body["carried"])})
