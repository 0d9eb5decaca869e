"""What is done to values between a provider and a Secret."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.errors import ConfigurationError
from mooring.secrets.external.jsonpaths import find_property, members, text_of
from mooring.secrets.external.values import check_keys, convert_keys, decode, extract, property_of

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_TEXT = '{"name": {"first": "Tom", "last.name": "A", "n": 1.50}, "list": [ {"a": 1}, {"b": 2}, {"a": [3] } ], "big": 12345678901234567890, "no": null, "yes": true}'


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("name.first", "Tom"),
        ("name.last\\.name", "A"),
        ("name.n", "1.5"),
        ("name", '{"first": "Tom", "last.name": "A", "n": 1.50}'),
        ("list.#", "3"),
        ("list.1.b", "2"),
        ("list.#.a", "[1,[3]]"),
        ("list.2.a", "[3]"),
        ("na*.fi?st", "Tom"),
        ("big", "12345678901234567890"),
        ("no", ""),
        ("yes", "true"),
        ("name.missing", None),
        ("list.9", None),
        ("name.first.x", None),
    ],
)
def test_a_property_is_found_as_gjson_finds_it(path: str, expected: str | None) -> None:
    """GIVEN a JSON text WHEN a path is asked for THEN it is what gjson's documentation says, spelled as in the text."""
    assert expected == find_property(_TEXT, path)


def test_a_key_that_has_the_dots_itself_comes_first() -> None:
    """GIVEN a key `a.b` beside an object a WHEN `a.b` is asked for THEN the key wins, as in the operator."""
    assert "1" == find_property('{"a": {"b": 2}, "a.b": 1}', "a.b")


@pytest.mark.parametrize("path", ["list.#(a==1)", "@reverse", "a|b", "[0]"])
def test_a_query_is_refused(path: str) -> None:
    """GIVEN a query or modifier WHEN asked THEN it is refused: a guess would be another value."""
    with pytest.raises(ConfigurationError, match="not supported"):
        find_property(_TEXT, path)


@pytest.mark.parametrize(
    "text", ["", "no json", "[1]", '{"a": 1,}', '{"a" 1}', '{"a": 1} x', '{"a":', "{1: 2}", "[" * 9999]
)
def test_what_is_no_object_has_no_members(text: str) -> None:
    """GIVEN anything that is no JSON object WHEN read THEN there are no members, and no exception of Python's."""
    assert members(text) is None
    with pytest.raises(ConfigurationError) as caught:
        extract(text.encode(), "key")
    assert text == "" or text not in str(caught.value)


@given(st.dictionaries(st.text(), _JSON))
def test_members_keep_their_spelling(value: dict[str, Any]) -> None:
    """GIVEN any object WHEN taken apart THEN every member reads as it did, and strings are their text."""
    for text in (json.dumps(value), json.dumps(value, indent=2, ensure_ascii=False)):
        found = members(text)
        assert found is not None
        assert value == {name: json.loads(raw) for name, raw in found.items()}
        for name, raw in found.items():
            assert raw in text
            if isinstance(value[name], str):
                assert value[name] == text_of(raw)


@given(st.binary())
def test_decoding_is_the_inverse_of_encoding(data: bytes) -> None:
    """GIVEN any bytes WHEN encoded and decoded THEN they are themselves, with Auto as well."""
    assert data == decode(base64.b64encode(data), "Base64", "key")
    assert data == decode(base64.urlsafe_b64encode(data), "Base64URL", "key")
    assert data == decode(base64.encodebytes(data), "Base64", "key")
    assert data == decode(base64.b64encode(data), "Auto", "key")
    assert data == decode(data, "None", "key")


@given(st.binary())
def test_auto_never_fails(data: bytes) -> None:
    """GIVEN any bytes WHEN decoded with Auto THEN there is a value."""
    decode(data, "Auto", "key")


@pytest.mark.parametrize("strategy", ["Base64", "Base64URL"])
def test_what_does_not_decode_is_not_quoted(strategy: Any) -> None:
    """GIVEN a value that is no base64 WHEN decoded THEN the error names the key and not the value."""
    with pytest.raises(ConfigurationError) as caught:
        decode(b"hunter2!", strategy, "password")
    assert "password" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_keys_become_what_a_secret_may_have() -> None:
    """GIVEN names with other characters WHEN converted THEN they are replaced, or told by their code point."""
    assert {"path_to_a.b-c": b""} == convert_keys({"path/to/a.b-c": b""}, "Default")
    assert {"path_U002f_to": b""} == convert_keys({"path/to": b""}, "Unicode")


def test_two_names_that_become_one_are_refused() -> None:
    """GIVEN names that differ in replaced characters only WHEN converted THEN that is an error and no value is lost."""
    with pytest.raises(ConfigurationError, match="two of the keys become"):
        convert_keys({"a/b": b"1", "a:b": b"2"}, "Default")


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.binary(), max_size=5))
def test_converted_keys_can_be_keys(keys: dict[str, bytes]) -> None:
    """GIVEN any names WHEN converted THEN nothing is lost, and no forbidden character is left."""
    try:
        converted = convert_keys(keys, "Unicode")
    except ConfigurationError:
        return
    assert sorted(keys.values()) == sorted(converted.values())
    check_keys({key: b"" for key in converted if key not in (".", "..") and len(key) <= 253})


def test_a_missing_property_is_named() -> None:
    """GIVEN a value without the property WHEN asked THEN the error names secret and property, and no value."""
    with pytest.raises(ConfigurationError, match="'db' has no property 'user'") as caught:
        property_of(b'{"password": "hunter2"}', "user", "db")
    assert "hunter2" not in str(caught.value)
