"""Two values, place by place: what was added, removed and changed.

Lists are matched as the API server merges them: by the keys, or as sets, that the managed fields of either side name,
and else by position. Both sides are taken as they are; what is no difference has been taken out before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from mooring.cluster.fingerprint import field_step, key_step
from mooring.differences.ownership import Owner, entry_key, list_keys, narrow

__all__ = ["Change", "changes"]


@dataclass(frozen=True, slots=True)
class Change:
    """One place that differs: `before` is live, `after` desired, and `None` on the side where it is absent.

    `path` reads like `.spec.template.spec.containers[name=web].image`, or `(object)` for the object as a whole.
    """

    path: str
    before: Any
    after: Any
    kind: Literal["added", "removed", "changed"]


def changes(before: Any, after: Any, at: tuple[Owner, ...]) -> tuple[Change, ...]:
    """Every difference, sorted by field name; `None` for an object that is not there.

    `at` are the owners of either side's fields, which tell how lists are matched.
    """
    if before is None or after is None:
        return tuple(_one("(object)", before, after))
    return tuple(_compare(before, after, "", at))


def _one(path: str, before: Any, after: Any) -> Iterator[Change]:
    if before is None and after is None:
        return
    kind: Literal["added", "removed", "changed"] = (
        "added" if before is None else "removed" if after is None else "changed"
    )
    yield Change(path, before, after, kind)


def _compare(before: Any, after: Any, path: str, at: tuple[Owner, ...]) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            step = path + field_step(name)
            yield from _compare(before.get(name), after.get(name), step, narrow(at, f"f:{name}"))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _compare_lists(before, after, path, at)
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield from _one(path, before, after)


def _compare_lists(before: list[Any], after: list[Any], path: str, at: tuple[Owner, ...]) -> Iterator[Change]:
    keys = list_keys(at)
    fields = list(next(iter(keys.values()))) if keys else []
    left, right = _by_key(before, fields), _by_key(after, fields)
    if left is not None and right is not None:
        if _reordered(list(left), list(right)):
            yield Change(path, before, after, "changed")
            return
        steps = {tuple(key.values()): step for step, key in keys.items()}
        for key, entry in {**right, **left}.items():
            shown = path + key_step({name: entry[name] for name in fields if name in entry})
            if key in left and key in right:
                yield from _compare(left[key], right[key], shown, narrow(at, steps.get(key, "")))
            else:
                yield from _one(shown, left.get(key), right.get(key))
    elif len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _compare(one, other, f"{path}[{index}]", narrow(at, f"i:{index}"))
    else:
        yield Change(path, before, after, "changed")


def _by_key(entries: list[Any], fields: list[str]) -> dict[tuple[Any, ...], dict[str, Any]] | None:
    """Entries by their keys; `None` where the list has none, or holds one twice."""
    if not fields or not all(isinstance(entry, dict) for entry in entries):
        return None
    found = {entry_key(entry, fields): entry for entry in entries}
    return found if len(found) == len(entries) else None


def _reordered(left: list[tuple[Any, ...]], right: list[tuple[Any, ...]]) -> bool:
    return [key for key in left if key in right] != [key for key in right if key in left]
