"""Records that only grow, each holding the hash of the one before: whoever changes one changes all that follow.

The hash of a record covers what it says and where it stands, so a record can't be edited, moved, removed or put between
two others without some hash being wrong. Nothing in a chain can show that its newest records are gone: for that there
is the head, which is kept elsewhere and tells how many there are, and there are anchors, heads that somebody wrote down
earlier in a place of their own. Pure, so that an auditor's machine can check what a server says. See ADR 0095.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mooring.model.objects import canonical_json

__all__ = ["Chained", "Fault", "Head", "append", "find_faults"]


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: how many records it has, and the hash of the last one (empty where there is none)."""

    seq: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Chained:
    """One record: the first has `seq` 1 and an empty `prev`. `body` is any JSON value, as it was written."""

    chain: str
    seq: int
    prev: str
    kind: str
    id: str
    body: Any
    hash: str

    def expected(self) -> str:
        """The hash that the record must have: sha256 of the canonical JSON of all its other fields."""
        fields = ("body", "chain", "id", "kind", "prev", "seq")
        return hashlib.sha256(canonical_json({name: getattr(self, name) for name in fields})).hexdigest()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a chain, and at which record (`seq` 0: with the chain as a whole)."""

    chain: str
    seq: int
    message: str


def append(head: Head, *, chain: str, kind: str, id_: str, body: Any) -> tuple[Chained, Head]:
    """The next record of a chain that ends at `head`, and where the chain ends then."""
    record = Chained(chain, head.seq + 1, head.hash, kind, id_, body, "")
    hashed = record.expected()
    return Chained(chain, record.seq, record.prev, kind, id_, body, hashed), Head(record.seq, hashed)


def find_faults(
    chain: str, records: Iterable[Chained], head: Head, anchors: Mapping[int, str] | None = None
) -> list[Fault]:
    """Everything that is wrong with a chain, in the order of its records; nothing where it is whole.

    `head` must have been read after the records, or not have moved since. `anchors` are hashes of some records, by
    their place, as somebody wrote them down earlier. Bodies are not kept, so any number of records may pass.
    """
    faults: list[Fault] = []
    links: dict[int, tuple[str, str]] = {}
    for record in records:
        if record.chain != chain:
            faults.append(Fault(chain, record.seq, f"record {record.id} belongs to the chain {record.chain}"))
        elif record.seq < 1:
            faults.append(Fault(chain, 0, f"record {record.id} is in no chain: it was put there by somebody else"))
        elif record.seq in links:
            faults.append(Fault(chain, record.seq, f"record {record.id} takes a place that another record has"))
        else:
            links[record.seq] = record.prev, record.hash
            if record.expected() != record.hash:
                faults.append(Fault(chain, record.seq, f"record {record.id} does not fit its hash: it was changed"))
    last = max((head.seq, *links, *(anchors or {})))
    faults += _gaps(chain, links, last)
    for seq, (prev, _) in links.items():
        before = links.get(seq - 1, ("", "" if seq == 1 else prev))[1]
        if prev != before:
            faults.append(Fault(chain, seq, "it does not follow from the record before it"))
    faults += _ends(chain, links, head, anchors or {})
    return sorted(faults, key=lambda each: each.seq)


def _gaps(chain: str, links: Mapping[int, object], last: int) -> list[Fault]:
    faults: list[Fault] = []
    before = 0
    for seq in (*sorted(links), last + 1):
        first, end = before + 1, seq - 1
        if first <= end:
            which = f"record {first} is missing" if first == end else f"records {first} to {end} are missing"
            faults.append(Fault(chain, first, which))
        before = seq
    return faults


def _ends(chain: str, links: Mapping[int, tuple[str, str]], head: Head, anchors: Mapping[int, str]) -> list[Fault]:
    faults: list[Fault] = []
    last = max(links, default=0)
    if last > head.seq:
        faults.append(Fault(chain, head.seq + 1, f"records go on behind the head, which counts {head.seq}"))
    if head.seq in links and links[head.seq][1] != head.hash:
        faults.append(Fault(chain, head.seq, "the head names another hash than the last record has"))
    for seq, expected in anchors.items():
        if seq > head.seq:
            faults.append(Fault(chain, seq, f"the chain was cut: an anchor knows record {seq}, the head {head.seq}"))
        if seq in links and links[seq][1] != expected:
            faults.append(Fault(chain, seq, "it was rewritten since the anchor was written down"))
    return faults
