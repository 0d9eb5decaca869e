"""ApplicationSets in the table: what is declared, what an evaluation found, and who may evaluate.

A set is evaluated by one function at a time: two that saw different commits would undo each other. So a lease is taken
before anything is asked, and every write of an evaluation, those of applications too, carries a check of its token.
What tells a sweep whether a set needs a look stands in one partition that lists all sets; without any it is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mooring.model.objects import Manifest
from mooring.model.setkey import SetKey
from mooring.model.tracking import APP_LABEL
from mooring.state.packing import pack, unpack
from mooring.state.records import Deleting, Lease
from mooring.state.table import Item, Key, Operation, Table, check, delete, put, update

if TYPE_CHECKING:
    from mooring.model.applicationset import ApplicationSet

__all__ = ["ApplicationSets", "Basis", "ListedSet", "SetCondition", "SetMember", "SetRecord", "SetSpec", "SetStatus"]

_SETS = "SETS"
_REMEMBERED = 3600  # seconds that a preview can be read
_ROOM = 90  # repositories in one transaction, beside the few other items


@dataclass(frozen=True, slots=True)
class SetSpec:
    """A declared set; `generation` counts its changes, `by` is who made the last one."""

    application_set: ApplicationSet
    generation: int
    warnings: tuple[str, ...]
    by: str = ""
    deleting: Deleting | None = None


@dataclass(frozen=True, slots=True)
class SetCondition:
    """One of Argo CD's conditions of sets; `since` is when it became so."""

    type: str
    holds: bool
    reason: str
    message: str
    since: float


@dataclass(frozen=True, slots=True)
class SetMember:
    """An application in a rolling sync; `step` counts from 0, None for one that is synced by hand."""

    name: str
    step: int | None
    stage: str


@dataclass(frozen=True, slots=True)
class SetStatus:
    """What the last evaluation came to. `digest` is that of the generated applications, `token` confirms a removal."""

    conditions: tuple[SetCondition, ...] = ()
    digest: str = ""
    held: tuple[str, ...] = ()
    token: str = ""
    members: tuple[SetMember, ...] = ()


@dataclass(frozen=True, slots=True)
class Basis:
    """What the last evaluation was made of: where any of it is different now, another one is due.

    `refs` are address, revision and commit of what git generators read; `clusters` is a digest of the registered ones,
    `owned` one of the set's applications; `due` is when services are to be asked again, 0 for never; with `again` it is
    when another look is due in any case. `decisions` are the objects in a cluster that decide (ConfigMap, name, label
    selector), `decided` is a digest of what they said.
    """

    generation: int = 0
    refs: tuple[tuple[str, str, str], ...] = ()
    clusters: str = ""
    owned: str = ""
    due: float = 0.0
    again: bool = False
    decisions: tuple[tuple[str, str, str], ...] = ()
    decided: str = ""


@dataclass(frozen=True, slots=True)
class ListedSet:
    """One set as sweeps and lists see it; `label` is the tracking label of the application that declares it."""

    key: SetKey
    generation: int
    basis: Basis
    label: str


@dataclass(frozen=True, slots=True)
class SetRecord:
    """Everything about one set."""

    key: SetKey
    spec: SetSpec | None = None
    status: SetStatus = SetStatus()
    basis: Basis = Basis()
    lease: Lease = Lease()
    confirmed: str = ""


class ApplicationSets:
    """The sets of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def declare(self, spec: SetSpec, previous: SetSpec | None) -> None:
        """Writes a declared set. Raises `ConflictError` where somebody else declared it since `previous` was read."""
        key = spec.application_set.key
        item = {"pk": _pk(key), "sk": "SPEC", "generation": spec.generation, "body": pack(_spec_body(spec))}
        label = str((spec.application_set.declared["metadata"].get("labels") or {}).get(APP_LABEL, ""))
        self._table.write(
            put(item, "attribute_not_exists(pk)")
            if previous is None
            else put(item, "generation = :seen", seen=previous.generation),
            update((_SETS, str(key)), {"generation": spec.generation, "label": label}),
        )

    def confirm(self, key: SetKey, token: str) -> None:
        """Remembers that somebody confirmed a removal; the next evaluation takes it."""
        self._table.write(
            check((_pk(key), "SPEC"), "attribute_exists(pk)"),
            put({"pk": _pk(key), "sk": "CONFIRM", "token": token}),
        )

    def listed(self) -> list[ListedSet]:
        """All sets by name, in one query."""
        return [
            ListedSet(SetKey.parse(item["sk"]), item["generation"], _basis(item), item.get("label", ""))
            for item in self._table.query(_SETS)
        ]

    def load(self, keys: Iterable[SetKey]) -> dict[SetKey, SetRecord]:
        """Records of sets, twenty a request; unknown ones come back without a spec."""
        wanted = list(dict.fromkeys(keys))
        items = self._table.get_many(each for key in wanted for each in _keys(key))
        return {key: _record(key, [items.get(each) for each in _keys(key)]) for key in wanted}

    # -- an evaluation ---------------------------------------------------------------------------------------------

    def begin(self, record: SetRecord, *, owner: str, now: float, ttl: float) -> SetRecord:
        """Takes the lease. Raises `ConflictError` where another evaluation has it, or had it since."""
        lease = Lease(record.lease.token + 1, owner, now + ttl)
        seen = record.lease.token
        self._table.write(
            put(_lease_item(record.key, lease), "fence = :seen AND expires <= :now", seen=seen, now=now)
            if seen
            else put(_lease_item(record.key, lease), "attribute_not_exists(pk)")
        )
        return replace(record, lease=lease)

    def write(self, record: SetRecord, groups: Sequence[Sequence[Operation]]) -> list[bool]:
        """Carries out groups of writes for as long as the lease is ours; says which of them were.

        Raises `ConflictError` where it is not any more.
        """
        lease = record.lease
        guard = check(
            (_pk(record.key), "LEASE"), "fence = :fence AND holder = :holder", fence=lease.token, holder=lease.owner
        )
        done = [False] * len(groups)
        for index, written in self._table.write_groups(groups, guard):
            done[index] = written
        return done

    def finish(
        self,
        record: SetRecord,
        *,
        status: SetStatus,
        basis: Basis,
        follows: Mapping[str, Sequence[str]],
        gone: Iterable[str] = (),
    ) -> None:
        """Writes what has changed, and gives the lease back. Raises `ConflictError` where it was lost.

        `follows` are targets by normalised address of repositories that the set reads now, `gone` those no longer.
        """
        pk, key = _pk(record.key), str(record.key)
        lists = [update((f"REPO#{name}", f"SET#{key}"), {"targets": "\n".join(each)}) for name, each in follows.items()]
        lists += [delete((f"REPO#{name}", f"SET#{key}")) for name in gone]
        while len(lists) > _ROOM:
            part, lists = lists[:_ROOM], lists[_ROOM:]
            self.write(record, [part])
        mine = record.lease
        free = _lease_item(record.key, Lease(mine.token + 1, "", 0.0))
        writes = [put(free, "fence = :fence AND holder = :holder", fence=mine.token, holder=mine.owner), *lists]
        if status != record.status:
            writes.append(put({"pk": pk, "sk": "STATUS", "body": pack(status)}))
        if basis != record.basis:
            writes.append(update((_SETS, key), {"basis": pack(basis)}))
        if record.confirmed:
            writes.append(delete((pk, "CONFIRM")))
        self._table.write(*writes)

    def forget(self, record: SetRecord, repositories: Iterable[str]) -> None:
        """Removes everything about a set. Raises `ConflictError` where the lease was lost."""
        pk, key, names = _pk(record.key), str(record.key), list(repositories)
        while len(names) > _ROOM:
            part, names = names[:_ROOM], names[_ROOM:]
            self.write(record, [[delete((f"REPO#{name}", f"SET#{key}")) for name in part]])
        self._table.write(
            delete((pk, "LEASE"), "fence = :fence", fence=record.lease.token),
            *(delete((pk, part)) for part in ("SPEC", "STATUS", "CONFIRM", "DECISIONS")),
            delete((_SETS, key)),
            *(delete((f"REPO#{name}", f"SET#{key}")) for name in names),
        )

    # -- previews --------------------------------------------------------------------------------------------------

    def ask_preview(self, ident: str, document: Manifest, now: float) -> None:
        """Keeps a set whose changes somebody wants to see, for an hour."""
        self._table.write(put(_preview(ident, now) | {"document": pack(document)}))

    def put_preview(self, ident: str, found: Mapping[str, Any], now: float) -> None:
        """Keeps what a set would change."""
        self._table.write(put(_preview(ident, now) | {"found": pack(dict(found))}))

    def preview(self, ident: str) -> dict[str, Any] | None:
        """`{"document": …}` as long as nobody has answered, then `{"found": …}`; None for an unknown one."""
        item = self._table.get((f"PREVIEW#{ident}", "SET"))
        if item is None:
            return None
        return {name: unpack(item[name]) for name in ("document", "found") if name in item}


def _pk(key: SetKey) -> str:
    return f"APPSET#{key}"


def _keys(key: SetKey) -> list[Key]:
    return [*((_pk(key), part) for part in ("SPEC", "STATUS", "LEASE", "CONFIRM")), (_SETS, str(key))]


def _preview(ident: str, now: float) -> Item:
    return {"pk": f"PREVIEW#{ident}", "sk": "SET", "ttl": int(now) + _REMEMBERED}


def _lease_item(key: SetKey, lease: Lease) -> Item:
    held = {"fence": lease.token, "holder": lease.owner, "expires": float(lease.expires)}
    return {"pk": _pk(key), "sk": "LEASE", **held}


def _spec_body(spec: SetSpec) -> dict[str, Any]:
    deleting = spec.deleting
    return {
        "declared": spec.application_set.declared,
        "warnings": spec.warnings,
        "by": spec.by,
        "deleting": None if deleting is None else [deleting.cascade, deleting.by, deleting.at],
    }


def _record(key: SetKey, items: Sequence[Item | None]) -> SetRecord:
    spec, status, lease, confirm, listed = items
    return SetRecord(
        key,
        None if spec is None else _spec(spec),
        SetStatus() if status is None else _status(unpack(status["body"])),
        Basis() if listed is None else _basis(listed),
        Lease() if lease is None else Lease(lease["fence"], lease["holder"], float(lease["expires"])),
        "" if confirm is None else confirm["token"],
    )


def _spec(item: Item) -> SetSpec:
    from mooring.model.applicationset import parse_application_set  # most functions never read a set

    body = unpack(item["body"])
    deleting = Deleting(*body["deleting"]) if body["deleting"] else None
    parsed = parse_application_set(body["declared"]).application_set
    return SetSpec(parsed, item["generation"], tuple(body["warnings"]), body["by"], deleting)


def _status(body: dict[str, Any]) -> SetStatus:
    return SetStatus(
        tuple(SetCondition(**each) for each in body["conditions"]),
        body["digest"],
        tuple(body["held"]),
        body["token"],
        tuple(SetMember(**each) for each in body["members"]),
    )


def _basis(item: Item) -> Basis:
    if "basis" not in item:
        return Basis()
    body = unpack(item["basis"])
    lists = {name: tuple(tuple(each) for each in body.get(name, ())) for name in ("refs", "decisions")}
    return Basis(**body | lists)
