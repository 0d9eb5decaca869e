"""Versions out of an index, in whatever way its YAML is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mooring.errors import ConfigurationError
from mooring.source.charts_index import Entry, read_entries

DIGEST = "a" * 64
WEB = Entry("1.10", DIGEST, ("web-1.10.tgz", "https://other.test/web.tgz"))
OLD = Entry("1.9.0", "", ("old.tgz",))

BLOCK = f"""apiVersion: v1
entries:
  # charts
  other:
  - version: 9.9.9
    urls: [other.tgz]
  web:
  - annotations:
      text: |
        version: 0.0.0
          urls:
      web: x
    apiVersion: v2
    dependencies:
    - name: x
      version: 3.0.0
      urls: [no.tgz]
    description: spans
      two lines
    digest: {DIGEST}
    urls:
    - web-1.10.tgz
    - https://other.test/web.tgz
    version: 1.10
  - version: "1.9.0"
    urls:
    - old.tgz
    name: web
  - version: 1.8.0
    digest: nonsense
    urls: [x.tgz]
  webby:
  - version: 2.0.0
    urls: [webby.tgz]
generated: "2026-01-01T00:00:00Z"
"""
ITEM = {"version": "1.10", "digest": DIGEST, "urls": list(WEB.urls)}


def _read(tmp_path: Path, text: str, chart: str = "web") -> list[Entry] | None:
    (tmp_path / "index.yaml").write_text(text)
    return read_entries(tmp_path / "index.yaml", chart, where="charts.example.com")


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        BLOCK.replace("\n", "\r\n"),
        BLOCK.replace("  web:\n", '  "web": # ours\n'),
    ],
)
def test_versions_of_one_chart_as_helm_writes_them(tmp_path: Path, text: str) -> None:
    """Text stays text (`1.10`), nested fields of the same names don't count, a broken digest is passed over."""
    assert [WEB, OLD] == _read(tmp_path, text)


def test_items_may_be_indented(tmp_path: Path) -> None:
    """GIVEN lists that are indented below their key, THEN they are the same."""
    item = "        -   name: web\n            version: 1.0.0\n            urls:\n                - a.tgz\n"
    text = f"entries:\n    web:\n{item}"
    assert [Entry("1.0.0", "", ("a.tgz",))] == _read(tmp_path, text)


@pytest.mark.parametrize(
    "text", [json.dumps({"entries": {"web": [ITEM]}}), f"apiVersion: v1\nentries: {json.dumps({'web': [ITEM]})}\n"]
)
def test_an_index_in_flow_style_is_parsed(tmp_path: Path, text: str) -> None:
    """GIVEN YAML that Helm wouldn't write, THEN it is read all the same."""
    assert [WEB] == _read(tmp_path, text)


def test_anchors_from_elsewhere_are_found(tmp_path: Path) -> None:
    """GIVEN an alias to an anchor outside of the chart's lines, THEN the whole is parsed."""
    text = "x: &v 1.0.0\nentries:\n  web:\n  - version: *v\n    urls: [a.tgz]\n"
    assert [Entry("1.0.0", "", ("a.tgz",))] == _read(tmp_path, text)


@pytest.mark.parametrize("chart", ["we", "generated", "annotations", "version"])
def test_an_unknown_chart_is_none(tmp_path: Path, chart: str) -> None:
    """Other keys of the file are no charts."""
    assert _read(tmp_path, BLOCK, chart) is None


@pytest.mark.parametrize(
    "text", ["", "<html><body>Sign in</body></html>", "a: [", '{"entries": ', "entries: 1\n", "{}"]
)
def test_what_is_no_index_is_said_so(tmp_path: Path, text: str) -> None:
    """The error names the repository."""
    with pytest.raises(ConfigurationError, match=r"the index of charts\.example\.com can't be read"):
        _read(tmp_path, text)
