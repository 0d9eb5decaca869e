"""Mooring reads YAML as `kubectl` reads it, held against the real one.

`kubectl annotate --local` decodes a file, changes nothing when the annotation to remove isn't there, and prints JSON;
no server is needed.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import RenderError
from mooring.render.yaml import load_documents

ODDITIES = Path(__file__).parents[1] / "data" / "yaml" / "oddities.yaml"
HEAD = "apiVersion: example.com/v1\nkind: Odd\nmetadata: {name: a}\n"


@pytest.fixture
def kubectl(tools: Mapping[str, Path], tmp_path: Path) -> Any:
    def read(content: bytes) -> list[Any] | None:
        """What kubectl reads in these bytes; None where it refuses them."""
        file = tmp_path / "file.yaml"
        file.write_bytes(content)
        done = subprocess.run(
            [tools["kubectl"], "annotate", "--local", "--dry-run=client", "-o", "json", "-f", file, "absent-"],
            capture_output=True,
            env={"HOME": str(tmp_path), "KUBECONFIG": "/dev/null"},
            timeout=30,
            check=False,
        )
        if done.returncode:
            return None
        documents, decoder, text = [], json.JSONDecoder(), done.stdout.decode().strip()
        while text:
            document, end = decoder.raw_decode(text)
            if not document["metadata"].get("annotations"):
                document["metadata"].pop("annotations", None)
            documents.append(document)
            text = text[end:].strip()
        return documents

    return read


def _shape(value: Any) -> Any:
    """The value with the type of each number beside it, but 1.0 and 1 alike, since JSON has one kind of number."""
    return json.loads(json.dumps(value), parse_float=lambda text: ("number", float(text)), parse_int=_number)


def _number(text: str) -> tuple[str, float | int]:
    return ("number", int(text) if abs(int(text)) < 1 << 63 else float(text))


def test_the_file_of_oddities_reads_the_same(kubectl: Any) -> None:
    """Every value of the file of oddities is what kubectl makes of it."""
    content = ODDITIES.read_bytes()
    expected = kubectl(content)
    assert expected is not None
    read = load_documents(content, where="oddities.yaml")
    assert [document["kind"] for document in expected] == [document["kind"] for document in read]
    for theirs, ours in zip(expected, read, strict=True):
        for name, value in theirs.items():
            assert _shape(value) == _shape(ours[name]), f"{theirs['kind']}.{name}"
        assert set(theirs) == set(ours)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(ODDITIES.read_bytes().replace(b"\n", b"\r\n"), id="carriage returns"),
        pytest.param(b"\xef\xbb\xbf" + HEAD.encode(), id="byte order mark"),
        pytest.param(f"# first\n---\n{HEAD}--- # second\n{HEAD}---\n".encode(), id="comments beside the separators"),
        pytest.param(f"---\n---\n\n---\n# none\n---\n{HEAD}...\n".encode(), id="empty documents"),
        pytest.param(f"{HEAD}a:\tb\nc: [\t1 ]\n".encode(), id="tabs between tokens"),
        pytest.param(
            b'{"apiVersion": "v1", "kind": "A", "metadata": {"name": "a"}, "n": 1e3, "s": "\\ud83d\\ude00"}', id="JSON"
        ),
        pytest.param(b"{apiVersion: v1, kind: A, metadata: {name: a}, n: 0777} # flow\n", id="flow style at the top"),
        pytest.param(f"{HEAD}l:\n- a\n-\n  - b\n- - c\n- d: e\n  f: g\n".encode(), id="nested lists"),
    ],
)  # fmt: skip
def test_a_whole_file_reads_the_same(kubectl: Any, content: bytes) -> None:
    """Line ends, marks, separators and styles make no difference to kubectl, nor to Mooring."""
    expected = kubectl(content)
    assert expected is not None
    assert _shape(expected) == _shape(load_documents(content, where="file.yaml"))


@pytest.mark.parametrize(
    "body",
    [
        "a: .inf", "a: -.Inf", "a: .nan", "a: *missing", "a: &a [*a]", "a: &a {b: *a}", "? [a]\n: b", "? {a: b}\n: c",
        "~: b", "18446744073709551615: b", "<<: 3", "<<: [1]", "<<: [[]]", "a: &l [{}]\nb: {<<: *l}", "a: !!int x",
        "a: !!int 1.5", "a: !!bool 1", "a: !!null x", "a: !!float x", "a: !!timestamp x", "a: !!binary '*'", "a: b: c",
        "\ta: b", "a: [",
        "a: 'x", "a: %x", "a: @x", "a: `x", "a: {b", "a: !x!y z", "- a", "a: b\n  c: d", 'a: "\\q"', "a: |x\n  y",
    ],
)  # fmt: skip
def test_what_kubectl_refuses_is_refused(kubectl: Any, body: str) -> None:
    """A document that kubectl can't read is an error here too, with file and line."""
    content = f"{HEAD}{body}\n".encode()
    assert kubectl(content) is None
    with pytest.raises(RenderError, match=r"^file\.yaml:\d+: "):
        load_documents(content, where="file.yaml")


def _laughs(levels: int, width: int = 9) -> bytes:
    lines = [f"l0: &l0 [{', '.join(['x'] * width)}]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * width)}]" for n in range(1, levels)]
    return (HEAD + "\n".join(lines) + "\n").encode()


@pytest.mark.parametrize("levels", [3, 9])
def test_aliases_have_the_same_budget(kubectl: Any, levels: int) -> None:
    """A few levels of aliases are fine, a billion laughs are refused, by both."""
    content = _laughs(levels)
    expected = kubectl(content)
    assert (levels == 9) == (expected is None)
    if expected is not None:
        assert expected == load_documents(content, where="file.yaml")
        return
    with pytest.raises(RenderError, match="aliases excessively"):
        load_documents(content, where="file.yaml")


def test_a_key_given_twice_is_refused_where_kubectl_keeps_the_last(kubectl: Any) -> None:
    """The one deliberate difference: of two values for one key, kubectl drops one in silence."""
    content = f"{HEAD}a: 1\na: 2\n".encode()
    assert 2 == kubectl(content)[0]["a"]
    with pytest.raises(RenderError, match=r"^file\.yaml:5: the key 'a' is already set"):
        load_documents(content, where="file.yaml")
