"""What `apply -f` reads."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring_cli.documents import read_documents


def read(path: Path | str) -> list[dict[str, Any]]:
    return [document for _, document in read_documents(str(path))]


@pytest.mark.parametrize(
    "text",
    [
        "kind: A\n---\n# nothing here\n---\nkind: B\n",
        "kind: List\nitems:\n- kind: A\n- kind: B\n",
        '{"kind": "ApplicationList", "items": [{"kind": "A"}, {"kind": "B"}]}',
        "\ufeffkind: A\r\n---\r\nkind: B\r\n",
        '{"kind": "A"}\n---\n{"kind": "B"}',
    ],
    ids=["documents", "list", "json list", "bom and crlf", "json documents"],
)
def test_documents_are_taken_apart(tmp_path: Path, text: str) -> None:
    """Several documents and lists give the objects in their order."""
    file = tmp_path / "apps.yaml"
    file.write_text(text, encoding="utf-8", newline="")
    assert [{"kind": "A"}, {"kind": "B"}] == read(file)


def test_a_folder_gives_its_files_in_order(tmp_path: Path) -> None:
    """Files come by name; what is no manifest is left out."""
    (tmp_path / "b.yml").write_text("kind: B")
    (tmp_path / "a.json").write_text('{"kind": "A"}')
    (tmp_path / "README.md").write_text("# no")
    assert [{"kind": "A"}, {"kind": "B"}] == read(tmp_path)


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads what is piped in."""
    monkeypatch.setattr("sys.stdin", io.StringIO("kind: A"))
    assert [{"kind": "A"}] == read("-")


def test_scalars_are_read_as_kubectl_reads_them(tmp_path: Path) -> None:
    """No dates, no sexagesimals, `1e3` a number, octals as octals."""
    file = tmp_path / "odd.yaml"
    file.write_text("date: 2001-01-01\ntime: 12:30:45\nfloat: 1e3\nmode: 0777\nnumber: -5\nbig: 1.5\nhex: 0x10\n")
    expected = {
        "date": "2001-01-01",
        "time": "12:30:45",
        "float": 1000.0,
        "mode": 511,
        "number": -5,
        "big": 1.5,
        "hex": 16,
    }
    assert [expected] == read(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: A\nkind: B\n", "'kind' twice"),
        ("kind: [", "neither YAML nor JSON"),
        ("- kind: A\n", "must be an object, not list"),
        ("# only a comment\n", "holds no document"),
        ("!!python/object/apply:os.system ['true']", "neither YAML nor JSON"),
    ],
)
def test_what_is_no_document_is_refused_with_the_files_name(tmp_path: Path, text: str, words: str) -> None:
    """Bad text is an error that names the file."""
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=words) as caught:
        read(file)
    assert str(file) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that isn't there is an error, not a traceback."""
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml: can't read"):
        read(tmp_path / "nowhere.yaml")
