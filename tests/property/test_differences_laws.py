"""Laws of ignoring and of showing differences, over objects and rules of every shape."""

from __future__ import annotations

import base64
import copy
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from mooring.differences.ignoring import without
from mooring.differences.readable import diff
from mooring.differences.removal import add_path, cut
from mooring.differences.rules import Rules
from mooring.differences.sending import to_send
from mooring.differences.settle import ignored_drift
from mooring.model.ignoring import IgnoreRule

KEY = b"a key of sixteen"
NAMES = st.sampled_from(["a", "b", "c/d", "e~f", "g.h", "name"])
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "x", "y: z\nw", "1"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
SPECS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)
Path = list[str | int]


def manifest(spec: Any) -> dict[str, Any]:
    return {"apiVersion": "test.dev/v1", "kind": "Thing", "metadata": {"name": "x"}, "spec": spec}


def places(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place below a value."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for step, below in steps for place in ((*at, step), *places(below, (*at, step)))]


def pointer(path: tuple[str | int, ...]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def ignoring(*paths: tuple[str | int, ...]) -> Rules:
    return Rules([IgnoreRule("*", "*", json_pointers=tuple(pointer(path) for path in paths))])


def holds(value: Any, path: tuple[str | int, ...]) -> bool:
    for step in path:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return False
    return True


@st.composite
def chosen(draw: st.DrawFn) -> tuple[dict[str, Any], list[tuple[str | int, ...]]]:
    """An object and some of its fields; no entries of lists, since taking one out moves the rest."""
    made = manifest(draw(SPECS))
    fields = [path for path in places(made["spec"], ("spec",)) if not any(isinstance(step, int) for step in path)]
    return made, draw(st.lists(st.sampled_from(fields), min_size=1, max_size=3))


ABSENT = object()


def changed(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """A copy with another value at a place, or without the place."""
    other = copy.deepcopy(value)
    place = other
    for step in path[:-1]:
        place = place[step]
    if new is ABSENT:
        del place[path[-1]]
    else:
        place[path[-1]] = new
    return other


@given(chosen())
def test_taking_out_twice_is_taking_out_once(case: tuple[dict[str, Any], list[tuple[str | int, ...]]]) -> None:
    """GIVEN pointers to fields WHEN they are taken out THEN they are gone, and taking them out again does nothing."""
    made, paths = case
    before = copy.deepcopy(made)
    rules = ignoring(*paths)
    once = without(made, rules)
    assert not any(holds(once, path) for path in paths)
    assert once is without(once, rules)
    assert before == made


@given(chosen(), st.data())
def test_what_differs_in_ignored_fields_only_is_no_drift(
    case: tuple[dict[str, Any], list[tuple[str | int, ...]]], data: st.DataObject
) -> None:
    """GIVEN an object whose ignored fields were changed WHEN compared THEN there is no drift and no difference."""
    made, paths = case
    live = made
    for path in paths:
        if holds(live, path):
            live = changed(live, path, data.draw(st.just(ABSENT) | VALUES))
    rules = ignoring(*paths)
    assert () == ignored_drift(made, live, rules)
    assert "unchanged" == diff(made, live, made, rules, KEY).kind
    assert "unchanged" == diff(made, live, None, rules, KEY).kind


@given(chosen(), st.data())
def test_what_differs_elsewhere_is_still_shown(
    case: tuple[dict[str, Any], list[tuple[str | int, ...]]], data: st.DataObject
) -> None:
    """GIVEN a field beside the ignored ones that was changed WHEN shown THEN the difference is there."""
    made, paths = case
    made["spec"]["beside"] = 1
    live = changed(made, ("spec", "beside"), data.draw(st.integers(2, 9)))
    rules = ignoring(*(path for path in paths))
    found = diff(made, live, made, rules, KEY)
    assert [".spec.beside"] == [change.path for change in found.changes]
    assert "-  beside: " in found.text
    assert [".spec.beside"] == [change.path for change in ignored_drift(made, live, rules)]


@given(SPECS, SPECS)
def test_changes_and_text_agree(one: dict[str, Any], other: dict[str, Any]) -> None:
    """GIVEN any two objects WHEN compared THEN equal ones show nothing, others both changes and text; and back again."""
    assert "unchanged" == diff(manifest(one), manifest(one), manifest(one), Rules(()), KEY).kind
    there = diff(manifest(other), manifest(one), manifest(other), Rules(()), KEY)
    back = diff(manifest(one), manifest(other), manifest(one), Rules(()), KEY)
    assert bool(there.changes) is (there.kind == "changed") is bool(there.text)
    opposite = {"added": "removed", "removed": "added", "changed": "changed"}
    assert [(c.path, c.before, c.after, c.kind) for c in there.changes] == [
        (c.path, c.after, c.before, opposite[c.kind]) for c in back.changes
    ]


@given(chosen())
def test_nothing_ignored_is_sent_over_what_others_own(
    case: tuple[dict[str, Any], list[tuple[str | int, ...]]],
) -> None:
    """GIVEN a live object in which we own nothing WHEN it is sent THEN no ignored field is in it."""
    made, paths = case
    rules = ignoring(*paths)
    live = manifest(made["spec"])
    live["metadata"] = {
        "name": "x",
        "managedFields": [{"manager": "o", "operation": "Update", "fieldsV1": {"f:spec": {".": {}}}}],
    }
    assert without(made, rules) == to_send(made, live, rules)


@given(chosen())
def test_what_we_own_alone_is_sent_as_it_lives(case: tuple[dict[str, Any], list[tuple[str | int, ...]]]) -> None:
    """GIVEN a live object that is ours as a whole WHEN it is sent unchanged THEN nothing would be lost by it."""
    made, paths = case
    ours = [{"manager": "mooring", "operation": "Apply", "fieldsV1": {"f:spec": {}}}]
    live = {**made, "metadata": {"name": "x", "managedFields": ours}}
    assert made == to_send(made, live, ignoring(*paths))


@given(SPECS, st.data())
def test_a_path_of_jq_is_a_pointer_in_other_words(spec: dict[str, Any], data: st.DataObject) -> None:
    """GIVEN any place WHEN named by a path or by a pointer THEN the same is taken out."""
    made = manifest(spec)
    path = data.draw(st.sampled_from(places(made["spec"], ("spec",))))
    removal: dict[str | int, Any] = {}
    add_path(removal, made, list(path))
    assume(removal)
    assert holds(made, path)
    assert cut(made, removal) == without(made, ignoring(path))


CANARIES = st.text("abcdefghijklmnopqrstuvwxyzABCDEFG0123456789+/=!", min_size=9, max_size=30).map("cnry".__add__)
SECRET_DATA = st.one_of(
    CANARIES.map(lambda text: {"data": {"k": base64.b64encode(text.encode()).decode()}}),
    CANARIES.map(lambda text: {"data": {"k": text}}),
    CANARIES.map(lambda text: {"stringData": {"k": text}}),
    CANARIES.map(lambda text: {"data": text}),
    CANARIES.map(lambda text: {"data": {"k": [text]}}),
    CANARIES.map(lambda text: {"stringData": {"k": {text: text}}}),
)


def secret(fields: dict[str, Any]) -> dict[str, Any]:
    copied = str(fields).replace("'", '"')
    annotations = {
        "kubectl.kubernetes.io/last-applied-configuration": copied,
        "other.dev/applied": '{"kind":"Secret",' + copied[1:],
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "annotations": annotations}, **fields}


def wrapped(value: dict[str, Any], how: str) -> dict[str, Any]:
    if how == "list":
        return {"apiVersion": "v1", "kind": "List", "items": [value]}
    if how == "secrets":
        item = {name: below for name, below in value.items() if name not in ("apiVersion", "kind")}
        return {"apiVersion": "v1", "kind": "SecretList", "items": [item]}
    return manifest({"objects": {"deep": [value]}}) if how == "nested" else value


def words(value: Any) -> set[str]:
    """Every text of at least eight letters in a value, with what its base64 holds."""
    if isinstance(value, dict):
        return {word for item in value.items() for part in item for word in words(part)}
    if isinstance(value, list):
        return {word for part in value for word in words(part)}
    found = {value, base64.b64encode(value.encode()).decode()}
    try:
        found.add(base64.b64decode(value, validate=True).decode())
    except ValueError:
        pass
    return {word for word in found if len(word) >= 8}


@given(SECRET_DATA, SECRET_DATA, st.sampled_from(["plain", "list", "secrets", "nested"]), st.booleans())
def test_no_secret_value_is_in_a_result(one: dict[str, Any], other: dict[str, Any], how: str, dry: bool) -> None:
    """GIVEN Secrets of every shape, wrapped or not, WHEN shown THEN no value is in the result, plain or in base64."""
    live, wanted = wrapped(secret(one), how), wrapped(secret(other), how)
    canaries = {word for fields in (one, other) for below in fields.values() for word in words(below)}
    assert canaries
    for before, after in ((live, wanted), (None, wanted), (live, None)):
        shown = str(diff(after, before, wanted if dry and after else None, Rules(()), KEY))
        assert not [word for word in canaries if word in shown]


@given(CANARIES, CANARIES)
def test_hashes_tell_values_apart(one: str, other: str) -> None:
    """GIVEN two values of a Secret WHEN shown THEN the difference is there exactly where they differ."""
    live = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": one}}
    wanted = {**live, "stringData": {"k": other}}
    assert (one == other) is (diff(wanted, live, wanted, Rules(()), KEY).kind == "unchanged")
