"""Reading YAML as Kubernetes' own tools read it.

Manifests are data that somebody else wrote, so this reader makes plain JSON values and nothing else: no dates, no
objects, no shared or cyclic structures, no more nesting or alias expansion than go-yaml allows. It differs from
`kubectl` in one place on purpose: a key that is given twice is refused (kubectl silently keeps the last one), because
one of the two is always a mistake.

libyaml's parser runs in C and hands over events; values are built from them in one loop, because building node trees
first, or resolving each scalar with PyYAML's regular expressions, costs about twice as much.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from yaml import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    MarkedYAMLError,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    YAMLError,
)
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from mooring.errors import RenderError
from mooring.render.scalars import HINTS, as_json, as_key, resolve, resolve_tagged

__all__ = ["load_documents"]

MAX_DEPTH: Final = 200
"""Levels of nesting; orjson writes at most 254, and no schema of Kubernetes comes near."""


def load_documents(text: bytes | str, *, where: str) -> list[Any]:
    """All documents of a YAML or JSON text as JSON values; documents that are empty or null are left out.

    Raises `RenderError` that starts with `where:line`. Rules: go-yaml v2 and `sigs.k8s.io/yaml`, as in `kubectl`; the
    budget for aliases is go-yaml's.
    """
    if text[:1] in (b"{", "{") or where.endswith(".json"):
        document = _json(text, where)
        if document is not _NOT_JSON:
            return [] if document is None else [document]
    documents = []
    try:
        parser = CParser(text)
        reader = _Reader(parser.get_event)
        while type(event := parser.get_event()) is not StreamEndEvent:
            if type(event) is DocumentStartEvent and (value := reader.document()) is not None:
                documents.append(value)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = str(error.problem or error.context or "not YAML")
        raise _error(where, mark.line + 1 if mark else 0, f"{problem}: correct the YAML here or just above") from None
    except _BadNodeError as error:
        raise _error(where, error.line, str(error)) from None
    except (YAMLError, UnicodeError) as error:
        raise _error(where, 0, str(getattr(error, "reason", "") or "not UTF-8 text")) from None
    return documents


def _error(where: str, line: int, problem: str) -> RenderError:
    return RenderError(f"{where}:{line}: {problem}" if line else f"{where}: {problem}")


class _BadNodeError(Exception):
    def __init__(self, event: Any, problem: str) -> None:
        super().__init__(problem)
        self.line = event.start_mark.line + 1


class _Marker:
    """A value that no document can hold."""


_NOT_JSON: Final = _Marker()
_IN_LIST: Final = _Marker()
_NO_KEY: Final = _Marker()
_MERGE: Final = _Marker()
_OPEN: Final = _Marker()


class _Reader:
    """Builds the documents of one stream. What a plain scalar means is looked up once for each text of a stream."""

    __slots__ = ("_get", "_keys", "_values")

    def __init__(self, get: Callable[[], Any]) -> None:
        self._get = get
        self._values: dict[str, Any] = {}
        self._keys: dict[str, str] = {}

    def document(self) -> Any:
        """The document whose start was just read, up to its end."""
        get, values, keys = self._get, self._values, self._keys
        anchors: dict[str, tuple[Any, int]] = {}
        stack: list[tuple[Any, Any, set[str] | None, str | None, int]] = []
        box: Any = []  # what is being filled: at first a list for the document itself
        key: Any = _IN_LIST  # where in `box` the next value goes
        merged: set[str] | None = None  # keys of `box` that came by `<<` and may be given again
        nodes = aliased = 0
        while True:
            event = get()
            kind = type(event)
            if kind is ScalarEvent:
                nodes += 1
                text = event.value
                if key is _NO_KEY:
                    if event.anchor is not None:
                        anchors[event.anchor] = (self._scalar(event), 1)
                    if text == "<<" and (event.style == "" or (event.tag or "").endswith(":merge")):
                        key = _MERGE
                        merged = set() if merged is None else merged
                        continue
                    if event.tag is None and (event.style != "" or (text and text[0] not in HINTS)):
                        key = text
                    elif event.tag is None and text in keys:
                        key = keys[text]
                    else:
                        key = self._key(event)
                    if key in box:
                        _given_again(event, key, merged)
                    continue
                if event.tag is None and (event.style != "" or (text and text[0] not in HINTS)):
                    value = text
                elif event.tag is None and text in values:
                    value = values[text]
                else:
                    value = self._scalar(event)
                if event.anchor is not None:
                    anchors[event.anchor] = (value, 1)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if key is _NO_KEY:
                    raise _BadNodeError(event, "a key must be a scalar, not a mapping or a list")
                if len(stack) >= MAX_DEPTH:
                    raise _BadNodeError(event, f"nested deeper than {MAX_DEPTH} levels")
                if event.anchor is not None:
                    anchors[event.anchor] = (_OPEN, nodes)
                stack.append((box, key, merged, event.anchor, nodes))
                nodes += 1
                box, key, merged = ({}, _NO_KEY, None) if kind is MappingStartEvent else ([], _IN_LIST, None)
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value = box
                box, key, merged, anchor, start = stack.pop()
                if anchor is not None and anchors[anchor] == (_OPEN, start):
                    anchors[anchor] = (value, nodes - start)
            elif kind is AliasEvent:
                if event.anchor not in anchors:
                    raise _BadNodeError(event, f"unknown anchor {event.anchor!r}")
                value, size = anchors[event.anchor]
                if value is _OPEN:
                    raise _BadNodeError(event, f"the anchor {event.anchor!r} contains itself")
                nodes += 1 + size
                aliased += size
                if aliased > 100 and nodes > 1000 and aliased / nodes > _allowed_ratio(nodes):
                    raise _BadNodeError(event, "the document expands aliases excessively")
                if key is _NO_KEY:
                    key = self._alias_key(event, value)
                    if key in box:
                        _given_again(event, key, merged)
                    continue
                if key is _MERGE and type(value) is not dict:
                    raise _BadNodeError(event, "<< takes a mapping or a list of mappings")
                value = _copy(value)
            else:  # the end of the document
                return box[0]
            if key is _IN_LIST:
                box.append(value)
            else:
                if key is _MERGE:
                    _merge(box, merged, value, event)
                else:
                    box[key] = value
                key = _NO_KEY

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if event.tag is None and event.style != "":
            return text
        try:
            if event.tag is not None:
                return as_json(resolve_tagged(event.tag, text))
            value = self._values[text] = as_json(resolve(text))
        except ValueError as error:
            raise _BadNodeError(event, str(error)) from error
        return value

    def _key(self, event: Any) -> str:
        text: str = event.value
        try:
            if event.tag is not None:
                return as_key(resolve_tagged(event.tag, text))
            key = self._keys[text] = as_key(resolve(text))
        except ValueError as error:
            raise _BadNodeError(event, str(error)) from error
        return key

    @staticmethod
    def _alias_key(event: Any, value: Any) -> str:
        if isinstance(value, dict | list):
            raise _BadNodeError(event, "a key must be a scalar, not a mapping or a list")
        try:
            return as_key(value)
        except ValueError as error:
            raise _BadNodeError(event, str(error)) from error


def _given_again(event: Any, key: str, merged: set[str] | None) -> None:
    """A key that is there already: fine once where it came by `<<`."""
    if merged is None or key not in merged:
        raise _BadNodeError(event, f"the key {key!r} is already set in this mapping: remove one of the two")
    merged.discard(key)


def _merge(box: dict[str, Any], merged: set[str] | None, value: Any, event: Any) -> None:
    """`<<`: as in go-yaml v2, a merge replaces what stands before it and is replaced by what follows."""
    sources = value if type(value) is list else [value]
    if merged is None or any(type(source) is not dict for source in sources):
        raise _BadNodeError(event, "<< takes a mapping or a list of mappings")
    for source in reversed(sources):  # of several, the first wins
        merged.update(name for name in source if name not in box)
        box.update(source)


def _copy(value: Any) -> Any:
    if type(value) is dict:
        return {name: _copy(item) if type(item) in (dict, list) else item for name, item in value.items()}
    if type(value) is list:
        return [_copy(item) if type(item) in (dict, list) else item for item in value]
    return value


_LOW, _HIGH = 400_000, 4_000_000


def _allowed_ratio(nodes: int) -> float:
    """The share of nodes that may come from aliases: 99 % in small documents, 10 % in huge ones (go-yaml)."""
    if nodes <= _LOW:
        return 0.99
    if nodes >= _HIGH:
        return 0.10
    return 0.99 - 0.89 * (nodes - _LOW) / (_HIGH - _LOW)


def _json(text: bytes | str, where: str) -> Any:
    """A JSON document, or `_NOT_JSON` where YAML's flow style may still explain the brace at the start."""
    try:
        content = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        if not content.strip():
            return None
        return json.loads(
            content, object_pairs_hook=_pairs, parse_int=_json_int, parse_float=_json_float, parse_constant=_constant
        )
    except json.JSONDecodeError as error:
        if not where.endswith(".json"):
            return _NOT_JSON
        raise _error(where, error.lineno, error.msg) from None
    except UnicodeDecodeError:
        raise _error(where, 0, "not UTF-8 text") from None
    except RecursionError:
        raise _error(where, 0, f"nested deeper than {MAX_DEPTH} levels") from None
    except _GivenTwiceError:
        return _NOT_JSON  # reading it as YAML finds the line
    except ValueError as error:
        raise _error(where, 0, str(error)) from None


class _GivenTwiceError(ValueError):
    """A JSON object has a key twice."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _GivenTwiceError
    return result


def _json_int(text: str) -> Any:
    return as_json(int(text)) if len(text) <= 20 else _json_float(text)


def _json_float(text: str) -> Any:
    return as_json(float(text))


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")
