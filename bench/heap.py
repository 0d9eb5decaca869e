"""What the heap of a page consists of: what the page holds, and what the engine makes of the page's functions.

The two grow for different reasons. V8 compiles what runs often, again and better the oftener it runs: for half an hour
there is ever another function that has become worth it, and none of that is ours. A leak is in the rest: in objects,
strings, arrays and closures that somebody still reaches. A snapshot tells them apart; the one number of
`Runtime.getHeapUsage` doesn't. Nodes of the document are in neither: their memory is the renderer's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

__all__ = ["Heap", "weigh"]

_CODE = {"code", "object shape"}
_OTHERS = {"native", "hidden", "synthetic"}


@dataclass(frozen=True, slots=True)
class Heap:
    """In KB."""

    data: int
    code: int


def weigh(session: CDPSession) -> Heap:
    """What is left once garbage is collected, by a snapshot (HeapProfiler of the Chrome DevTools Protocol)."""
    pieces: list[str] = []

    def take(event: dict[str, str]) -> None:
        pieces.append(event["chunk"])

    session.on("HeapProfiler.addHeapSnapshotChunk", take)
    session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    session.remove_listener("HeapProfiler.addHeapSnapshotChunk", take)
    return _sorted("".join(pieces))


def _sorted(snapshot: str) -> Heap:
    told = json.loads(snapshot)
    fields: list[str] = told["snapshot"]["meta"]["node_fields"]
    kinds: list[str] = told["snapshot"]["meta"]["node_types"][0]
    nodes: list[int] = told["nodes"]
    data = code = 0
    for kind, size in zip(
        nodes[fields.index("type") :: len(fields)], nodes[fields.index("self_size") :: len(fields)], strict=True
    ):
        if kinds[kind] in _CODE:
            code += size
        elif kinds[kind] not in _OTHERS:
            data += size
    return Heap(round(data / 1024), round(code / 1024))
