"""Laws of reading YAML: what was written comes back, and random scalars mean what they mean to kubectl."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mooring.errors import RenderError
from mooring.render.yaml import load_documents

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co")), max_size=20)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda number: not number.is_integer()
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(TEXT, VALUES, min_size=1, max_size=4)
SCALARS = st.text("0123456789abcdefxobnyYNnoffuletrsONE+-_.:~<eE", min_size=1, max_size=8) | st.text(
    "01_+-.eExob7", min_size=1, max_size=10
)


@given(st.lists(OBJECTS, max_size=3))
def test_json_written_as_documents_reads_as_itself(values: list[dict[str, Any]]) -> None:
    """GIVEN values, WHEN they are written as JSON documents, THEN YAML reads the same values."""
    text = "".join(f"---\n{json.dumps(value, ensure_ascii=False)}\n" for value in values)
    assert values == load_documents(text, where="x.yaml")


@given(OBJECTS)
def test_a_json_file_reads_as_itself(value: dict[str, Any]) -> None:
    """GIVEN an object, WHEN it is a .json file with every character escaped, THEN the same object is read."""
    assert [value] == load_documents(json.dumps(value).encode(), where="x.json")


@given(st.lists(TEXT, max_size=5))
def test_quoted_text_is_never_anything_else(texts: list[str]) -> None:
    """GIVEN any texts, WHEN they stand in quotes, THEN they stay what they are, whatever they look like."""
    written = yaml.safe_dump({"texts": texts}, default_style='"', allow_unicode=True)
    assert [{"texts": texts}] == load_documents(written, where="x.yaml")


@given(st.binary(max_size=60) | st.text("ab:-[]{}#&*!|>'\"%@`,? \n\t\r0123", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """GIVEN any bytes, WHEN they are read, THEN the outcome is values that JSON can hold, or a RenderError."""
    refusal, documents = "x.yaml:", []
    try:
        documents = load_documents(content, where="x.yaml")
    except RenderError as error:
        refusal = error.message
    assert refusal.startswith("x.yaml:")
    assert documents == json.loads(json.dumps(documents, allow_nan=False))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SCALARS, min_size=50, max_size=100))
def test_random_scalars_mean_the_same_to_kubectl(tools: Mapping[str, Path], tmp_path: Path, scalars: list[str]) -> None:
    """GIVEN plain scalars made of the characters that numbers and words are made of, THEN kubectl agrees on each."""
    file = tmp_path / "scalars.yaml"
    entries = [f"- {text}" for text in scalars if not text.endswith(":") and not text.startswith(("- ", "<"))]
    readable = [entry for entry in entries if _is_plain(entry)]
    content = "\n".join(("apiVersion: v1", "kind: Scalars", "metadata: {name: a}", "values:", *readable)) + "\n"
    file.write_text(content)
    done = subprocess.run(
        [tools["kubectl"], "annotate", "--local", "--dry-run=client", "-o", "json", "-f", file, "absent-"],
        capture_output=True,
        env={"HOME": str(tmp_path), "KUBECONFIG": "/dev/null"},
        timeout=30,
        check=True,
    )
    expected = json.loads(done.stdout).get("values")
    read = load_documents(content, where="scalars.yaml")[0]["values"]
    assert (expected or []) == (read or [])


def _is_plain(entry: str) -> bool:
    """Whether an entry is one scalar that JSON can hold; `a: b` and `.inf` are for other tests."""
    try:
        (value,) = load_documents(entry, where="x")[0]
    except RenderError:
        return False
    return not isinstance(value, dict | list)
