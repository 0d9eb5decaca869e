"""Where each value of a YAML file stands, character by character.

A file that is loaded and dumped comes out as another file: comments, quotes and line breaks of somebody else's taste.
So nothing is dumped here. ruamel.yaml's parser tells where each node begins and ends, `splicing` puts new text there.

Documents are kept as trees of nodes rather than as values: an alias stays an alias, so that nobody writes through it by
accident, and a key that is there twice is there twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mooring.errors import ConfigurationError

__all__ = ["Document", "Item", "Node", "documents"]

Kind = Literal["scalar", "mapping", "sequence", "alias"]

_PROPERTIES: Final = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]*(?:\r?\n[ \t]*)*)+")
_LARGEST: Final = 4 << 20


@dataclass(slots=True)
class Node:
    """A node; `start` and `end` are positions in the text, without its anchor and tag.

    `column` is where a block of its kind is indented to. `style` is a scalar's quote (`'`, `"`, `|`, `>`, or empty).
    """

    kind: Kind
    start: int
    end: int
    column: int
    value: str = ""
    style: str = ""
    flow: bool = False
    anchor: str = ""
    tag: str = ""
    items: list[Item] = field(default_factory=list)

    def entries(self, name: str) -> list[Item]:
        """The entries of a mapping with this key."""
        return [each for each in self.items if each.key is not None and each.key.value == name]


@dataclass(slots=True)
class Item:
    """An entry of a mapping, or an element of a sequence (without key)."""

    key: Node | None
    value: Node


@dataclass(slots=True)
class Document:
    """One document: where its content may begin and ends; `root` is None where it is empty."""

    start: int
    end: int
    root: Node | None


def documents(text: str, where: str) -> list[Document]:
    """Every document of a text, at least one. Raises `ConfigurationError` that names the file and line."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if len(text) > _LARGEST:
        raise ConfigurationError(f"is larger than {_LARGEST >> 20} MiB; name a smaller file", subject=where)
    try:
        found = list(_read(iter(YAML(typ="safe", pure=True).parse(text)), text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"line {mark.line + 1}: " if mark else ""
        told = f"{at}{error.problem or error.context or 'is no YAML'}; only plain YAML can be edited (no templates)"
        raise ConfigurationError(told, subject=where) from None
    except (YAMLError, ValueError, RecursionError):
        raise ConfigurationError("is no YAML; only plain YAML can be edited", subject=where) from None
    return found or [Document(len(text), len(text), None)]


def _read(events: Iterator[Any], text: str) -> Iterator[Document]:
    for event in events:
        if type(event).__name__ != "DocumentStartEvent":
            continue
        root = _node(events, next(events), text)
        end = next(events)  # the end of the document
        yield Document(event.end_mark.index, end.start_mark.index, None if _is_nothing(root) else root)


def _node(events: Iterator[Any], event: Any, text: str) -> Node:
    kind = _KINDS[type(event).__name__]
    start, end = event.start_mark.index, event.end_mark.index
    if kind == "alias":
        return Node(kind, start, end, event.start_mark.column)
    shift = _PROPERTIES.match(text, start, end)
    start = shift.end() if shift and (event.anchor or event.tag) else start
    node = Node(kind, start, end, event.start_mark.column, anchor=event.anchor or "", tag=str(event.tag or ""))
    if kind == "scalar":
        node.value, node.style = event.value, event.style or ""
        return node
    node.flow = bool(event.flow_style)
    _FILLERS[kind](node, events, text)
    if not node.flow and node.items:
        first = node.items[0]
        node.column = _column(text, first.key.start if first.key else node.start)
    return node


def _mapping(node: Node, events: Iterator[Any], text: str) -> None:
    while type(event := next(events)).__name__ != "MappingEndEvent":
        key = _node(events, event, text)
        value = _node(events, next(events), text)
        if _is_nothing(value):
            value.start = value.end = text.find(":", key.end) + 1
        node.items.append(Item(key, value))
    node.end = event.end_mark.index if node.flow else _end(node)


def _sequence(node: Node, events: Iterator[Any], text: str) -> None:
    while type(event := next(events)).__name__ != "SequenceEndEvent":
        value = _node(events, event, text)
        if _is_nothing(value):
            value.start = value.end = text.rfind("-", node.start, value.end) + 1
        node.items.append(Item(None, value))
    node.end = event.end_mark.index if node.flow else _end(node)


def _is_nothing(node: Node) -> bool:
    """Whether a value was left out: the parser then names the place of whatever comes next."""
    return node.kind == "scalar" and not node.style and node.start == node.end


def _end(node: Node) -> int:
    """A block ends with its last node: parsers see its end only where the next thing begins."""
    return node.items[-1].value.end if node.items else node.end


def _column(text: str, position: int) -> int:
    return position - (text.rfind("\n", 0, position) + 1)


_FILLERS: Final[dict[str, Callable[[Node, Iterator[Any], str], None]]] = {"mapping": _mapping, "sequence": _sequence}
_KINDS: Final[dict[str, Kind]] = {
    "ScalarEvent": "scalar",
    "AliasEvent": "alias",
    "MappingStartEvent": "mapping",
    "SequenceStartEvent": "sequence",
}
