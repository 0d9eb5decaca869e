"""The dashboard's build, put in place while somebody looks at the one before it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from local import dashboard


def kept(folder: Path, name: str) -> Path:
    """A build with one asset of its own."""
    (folder / name / "assets").mkdir(parents=True)
    (folder / name / f"assets/page-{name}.js").write_text(name)
    (folder / name / "index.html").write_text(f"assets/page-{name}.js")
    return folder / name


def test_a_page_that_is_open_finds_its_parts_after_the_next_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a build that is served WHEN others replace it THEN its assets stay for an hour, and the page is the newest's."""
    served = tmp_path / "web"
    made = {name: kept(tmp_path, name) for name in ("one", "two", "three")}
    monkeypatch.setattr(dashboard, "_SERVED", served)
    for name in ("one", "two"):
        monkeypatch.setattr(dashboard, "make", lambda report, name=name: made[name])
        assert served == dashboard.build(print)
    assert "assets/page-two.js" == (served / "index.html").read_text()
    assert ["page-one.js", "page-two.js"] == sorted(os.listdir(served / "assets"))
    # WHEN one was replaced long ago THEN it goes with the next build
    hours_ago = time.time() - 7200
    os.utime(served / "assets/page-one.js", (hours_ago, hours_ago))
    monkeypatch.setattr(dashboard, "make", lambda report: made["three"])
    dashboard.build(print)
    assert ["page-three.js", "page-two.js"] == sorted(os.listdir(served / "assets"))
    assert "three" == (served / ".built").read_text()


def test_a_build_that_was_interrupted_is_put_in_place_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a build that is half in place WHEN the one before it is wanted again THEN all of that is put in place."""
    served, made = tmp_path / "web", {name: kept(tmp_path, name) for name in ("one", "two")}
    monkeypatch.setattr(dashboard, "_SERVED", served)
    monkeypatch.setattr(dashboard, "make", lambda report: made["one"])
    dashboard.build(print)
    monkeypatch.setattr(dashboard, "make", lambda report: made["two"])
    with monkeypatch.context() as broken, pytest.raises(OSError, match="no space"):
        broken.setattr(dashboard.shutil, "copyfile", fail)
        dashboard.build(print)
    (served / "index.html").write_text("half of two")
    monkeypatch.setattr(dashboard, "make", lambda report: made["one"])
    dashboard.build(print)
    assert "assets/page-one.js" == (served / "index.html").read_text()


def fail(*_: object) -> None:
    raise OSError("no space")
