"""Laws of what PushSecrets write: properties of JSON texts, escaped keys, and how places are remembered."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mooring.model.externalaws import AwsAccess, access_from, access_text
from mooring.model.pushsecret import reverse_key
from mooring.secrets.external.jsonpaths import find_property, with_property

NAMES = st.text(st.characters(codec="utf-8", exclude_characters='.\\*?#|@[{"!~'), min_size=1, max_size=8)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(".".join)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
OBJECTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.dictionaries(NAMES, inner, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(NAMES, OBJECTS, max_size=5)


def _reach(document: Any, path: str) -> bool:
    """Whether only objects stand on the way."""
    for part in path.split(".")[:-1]:
        if not isinstance(document, dict):
            return False
        if part not in document:
            return True
        document = document[part]
    return isinstance(document, dict)


@given(document=DOCUMENTS, path=PATHS, value=TEXTS)
def test_what_is_put_is_found(document: dict[str, Any], path: str, value: str) -> None:
    """GIVEN any object WHEN a text is put at a path THEN it is found there, twice is once, and what is beside it stays."""
    if not _reach(document, path):
        return
    text = json.dumps(document)
    put = with_property(text, path, value)
    assert value == find_property(put, path)
    assert put == with_property(put, path, value)
    first = path.split(".")[0]
    others = {key: each for key, each in document.items() if key != first}
    assert others == {key: each for key, each in json.loads(put).items() if key != first}


@given(document=DOCUMENTS, path=PATHS, value=TEXTS)
def test_what_is_taken_away_is_gone(document: dict[str, Any], path: str, value: str) -> None:
    """GIVEN a property that was not there WHEN put and taken away THEN it is gone, and the other fields are as before."""
    text = json.dumps(document)
    if not _reach(document, path) or find_property(text, path) is not None:
        return
    left = with_property(with_property(text, path, value), path, None)
    assert find_property(left, path) is None
    first = path.split(".")[0]
    others = {key: each for key, each in document.items() if key != first}
    assert others == {key: each for key, each in json.loads(left).items() if key != first}


@given(number=st.decimals(allow_nan=False, allow_infinity=False), value=TEXTS)
def test_spelling_is_kept(number: Any, value: str) -> None:
    """GIVEN a number of any spelling WHEN a field beside it is written THEN the number is spelled as before."""
    raw = format(number, "f")
    if raw.startswith("-0") and not raw.startswith("-0."):
        return
    assert f'"n":{raw},' in with_property(f'{{"n": {raw}}}', "x", value)


@given(key=st.text(st.characters(codec="utf-8", exclude_characters="_"), max_size=10))
def test_escaped_keys_come_back(key: str) -> None:
    """GIVEN any key WHEN escaped as conversionStrategy Unicode does THEN ReverseUnicode brings it back."""
    escaped = "".join(each if each.isascii() and each.isalnum() else f"_U{ord(each):04x}_" for each in key)
    assert key == reverse_key(escaped)


@given(access=st.builds(
    AwsAccess, TEXTS, st.lists(TEXTS, max_size=3).map(tuple), TEXTS,
    st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple), st.lists(TEXTS, max_size=2).map(tuple),
))  # fmt: skip
def test_places_are_remembered(access: AwsAccess) -> None:
    """GIVEN any access WHEN written and read THEN it is the same."""
    assert access == access_from(access_text(access))
