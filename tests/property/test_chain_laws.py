"""The law of chains: whoever edits, removes, moves or adds any record without rewriting all that follow is found."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mooring.model.chain import Chained, Head, append, find_faults

BODIES = st.lists(
    st.dictionaries(
        st.text(max_size=4), st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.text(), st.none())
    ),
    min_size=1,
    max_size=8,
)


def chain_of(bodies: list[dict[str, object]], name: str = "argocd/shop") -> tuple[list[Chained], Head]:
    head, records = Head(), []
    for number, body in enumerate(bodies):
        record, head = append(head, chain=name, kind="operation", id_=f"id-{number}", body=body)
        records.append(record)
    return records, head


@given(BODIES, st.randoms())
def test_a_whole_chain_has_no_fault(bodies: list[dict[str, object]], random: st.DataObject) -> None:
    """GIVEN a chain WHEN its records come in any order THEN nothing is found, and every earlier head anchors it."""
    records, head = chain_of(bodies)
    anchors = {record.seq: record.hash for record in records}
    random.shuffle(records)  # type: ignore[attr-defined]
    assert [] == find_faults("argocd/shop", records, head, anchors)


@given(BODIES, st.data())
def test_any_single_change_is_found(bodies: list[dict[str, object]], data: st.DataObject) -> None:
    """GIVEN a chain WHEN one record is edited, removed, swapped with another, doubled or added THEN it is found."""
    records, head = chain_of(bodies)
    at = data.draw(st.integers(0, len(records) - 1))
    one = records[at]
    deed = data.draw(st.sampled_from(["edit", "id", "kind", "prev", "hash", "remove", "swap", "double", "add", "move"]))
    match deed:
        case "edit":
            records[at] = replace(one, body={**one.body, "new": 1})
        case "id" | "kind":
            records[at] = replace(one, **{deed: "another"})
        case "prev" | "hash":
            records[at] = replace(one, **{deed: "f" * 64})
        case "remove":
            del records[at]
        case "swap":
            other = data.draw(st.integers(0, len(records) - 1))
            if other == at:
                return
            records[at] = replace(records[other], seq=one.seq, prev=one.prev, hash=one.hash)
            records[other] = replace(one, seq=records[other].seq, prev=records[other].prev, hash=records[other].hash)
        case "double":
            records.append(one)
        case "add":
            records.append(append(head, chain="argocd/shop", kind="operation", id_="forged", body={})[0])
        case "move":
            records[at] = replace(one, seq=one.seq + len(records))
    assert [] != find_faults("argocd/shop", records, head)


@given(BODIES, st.data())
def test_a_rewritten_tail_is_found_by_an_anchor(bodies: list[dict[str, object]], data: st.DataObject) -> None:
    """GIVEN somebody who rewrites a record, all after it and the head THEN only a hash kept elsewhere tells of it."""
    records, _ = chain_of(bodies)
    at = data.draw(st.integers(0, len(records) - 1))
    anchored = data.draw(st.integers(at, len(records) - 1))
    forged, head = chain_of([*bodies[:at], {**bodies[at], "new": 1}, *bodies[at + 1 :]])
    assert [] == find_faults("argocd/shop", forged, head), "the chain alone can't tell"
    anchors = {records[anchored].seq: records[anchored].hash}
    assert [] != find_faults("argocd/shop", forged, head, anchors)


@given(BODIES, st.data())
def test_a_cut_tail_is_found_by_head_or_anchor(bodies: list[dict[str, object]], data: st.DataObject) -> None:
    """GIVEN the newest records removed THEN the head tells of it; WHEN the head is put back too THEN an anchor does."""
    records, head = chain_of(bodies)
    left = data.draw(st.integers(0, len(records) - 1))
    anchors = {records[-1].seq: records[-1].hash}
    short = records[:left]
    forged = Head(left, short[-1].hash if short else "")
    assert [] != find_faults("argocd/shop", short, head)
    assert [] == find_faults("argocd/shop", short, forged), "the chain alone can't tell"
    assert [] != find_faults("argocd/shop", short, forged, anchors)


def test_records_of_another_chain_are_found() -> None:
    """GIVEN a whole chain of another application in its place THEN it is found, though every hash fits."""
    records, head = chain_of([{"a": 1}, {"a": 2}], "argocd/other")
    assert [] != find_faults("argocd/shop", records, head)


def test_hashes_can_be_checked_without_us() -> None:
    """GIVEN a record WHEN hashed as docs/audit-trail.md says, with nothing of ours THEN its hash comes out."""
    records, _ = chain_of([{"a": 1790000000.5, "ä": ["x", None, True]}, {"b": {"d": 1, "c": 2.0}}])
    for record in records:
        fields = {name: getattr(record, name) for name in ("body", "chain", "id", "kind", "prev", "seq")}
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert record.hash == hashlib.sha256(text.encode()).hexdigest()
