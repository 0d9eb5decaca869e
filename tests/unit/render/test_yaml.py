"""Reading YAML: errors with their place, and no structure that could surprise later."""

from __future__ import annotations

import pytest

from mooring.errors import RenderError
from mooring.render.yaml import MAX_DEPTH, load_documents


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [", r"x\.yaml:3: did not find expected"),
        ("a: 1\n\tb: 2\n", r"x\.yaml:2: found a tab character"),
        ("a: 1\nb: 2\na: 3\n", r"x\.yaml:3: the key 'a' is already set in this mapping"),
        ("1: a\n'1': b\n", r"x\.yaml:2: the key '1' is already set"),
        ("a: &x k\nk: 1\n*x : 2\n", r"x\.yaml:3: the key 'k' is already set"),
        ("a: *missing\n", r"x\.yaml:1: unknown anchor 'missing'"),
        ("a: &l [1]\n? *l\n: b\n", r"x\.yaml:2: a key must be a scalar"),
        ("a: .inf\n", r"x\.yaml:1: JSON has no infinity"),
        ("a: \x01\n", r"x\.yaml: control characters are not allowed"),
        ("---\na: 1\n---\nb: }\n", r"x\.yaml:4: "),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, message: str) -> None:
    """Every error starts with the file and, where there is one, the line."""
    with pytest.raises(RenderError, match=f"^{message}"):
        load_documents(text, where="x.yaml")


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    """A file in another encoding is an error, not mojibake."""
    with pytest.raises(RenderError, match=r"^x\.yaml: "):
        load_documents(b"a: \xff\xfe\n", where="x.yaml")
    with pytest.raises(RenderError, match=r"^x\.json: not UTF-8"):
        load_documents(b'{"a": "\xff"}', where="x.json")


@pytest.mark.parametrize("text", ["[" * 300 + "]" * 300, "".join(f"{' ' * n}a:\n" for n in range(300))])
def test_depth_is_limited(text: str) -> None:
    """What orjson could not write again is refused while it is read."""
    with pytest.raises(RenderError, match=f"nested deeper than {MAX_DEPTH} levels"):
        load_documents(text, where="x.yaml")


def test_aliases_share_nothing() -> None:
    """GIVEN one anchor used twice, WHEN one use is changed, THEN the other is not."""
    (document,) = load_documents("a: &x {l: [1]}\nb: *x\nc: {<<: *x}\n", where="x.yaml")
    document["a"]["l"].append(2)
    document["b"]["l"].append(3)
    assert {"a": {"l": [1, 2]}, "b": {"l": [1, 3]}} == {name: document[name] for name in "ab"}


def test_json_files_hold_one_document() -> None:
    """JSON is read as JSON: its own escapes, its own errors with the line, duplicates refused as in YAML."""
    assert [{"a": "/😀", "b": 1000, "c": 1.5}] == load_documents(
        '\ufeff{"a": "\\/\\ud83d\\ude00", "b": 1e3, "c": 1.5}'.encode(), where="x.json"
    )
    assert [] == load_documents("", where="x.json")
    with pytest.raises(RenderError, match=r"^x\.json:2: "):
        load_documents('{"a": 1,\n b}', where="x.json")
    with pytest.raises(RenderError, match=r"^x\.json:2: the key 'a' is already set"):
        load_documents('{"a": 1,\n "a": 2}', where="x.json")
    with pytest.raises(RenderError, match="NaN is not JSON"):
        load_documents('{"a": NaN}', where="x.json")


def test_utf_16_is_read_as_well() -> None:
    """A byte order mark of another Unicode encoding is honoured, as by go-yaml."""
    assert [{"a": "ü"}] == load_documents("a: ü\n".encode("utf-16"), where="x.yaml")
