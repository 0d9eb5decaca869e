"""The dashboard's page and its files, through the handler that is deployed, from a build of this checkout."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import dashboard
from tests.doubles.deployed import Handler, deployed_api

ROOT = Path(__file__).parents[2]
BUDGET = 200 * 1024  # bytes that the first page loads


@pytest.fixture(scope="module")
def web() -> Path:
    """The build, where the function has it."""
    return dashboard.build(print)


@pytest.fixture
def handler(web: Path) -> Iterator[Handler]:
    with deployed_api() as found:
        yield found.handler


def get(handler: Handler, path: str, *, method: str = "GET", **headers: str) -> dict[str, Any]:
    event = json.loads((ROOT / "events" / "api-list.json").read_text())
    event |= {"routeKey": f"{method} /" if path == "/" else f"{method} /{{proxy+}}", "rawPath": path, "body": None}
    event["requestContext"]["http"] |= {"method": method, "path": path}
    event["headers"] = {name.replace("_", "-"): value for name, value in headers.items()}
    return handler(event, None)


def first_load(web: Path) -> list[str]:
    """What a browser loads before anything is on the screen, by the build's own account: script, styles, and the list."""
    entries = json.loads((web / ".vite/manifest.json").read_text())
    (start,) = (name for name, each in entries.items() if each.get("isEntry"))
    seen: set[str] = set()

    def follow(name: str) -> Iterator[str]:
        if name not in seen:
            seen.add(name)
            yield entries[name]["file"]
            yield from entries[name].get("css", [])
            for other in entries[name].get("imports", []):
                yield from follow(other)

    return list(dict.fromkeys([*follow(start), *follow("src/pages/applications/Applications.tsx")]))


@pytest.mark.parametrize("path", ["/", "/applications", "/applications/argocd/my.app/diff", "/auth/callback"])
def test_every_address_is_the_page(handler: Handler, path: str) -> None:
    """An address of the dashboard is answered with the page, asked for anew each time, under a policy without exceptions."""
    answer = get(handler, path)
    assert 200 == answer["statusCode"]
    assert b'<div id="root">' in base64.b64decode(answer["body"])
    assert "no-cache" == answer["headers"]["cache-control"]
    policy = answer["headers"]["content-security-policy"]
    assert "unsafe" not in policy
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy.split("; "))


def test_the_page_has_nothing_inline(handler: Handler) -> None:
    """The page's own text holds no script and no style, which its policy would forbid."""
    page = base64.b64decode(get(handler, "/")["body"]).decode()
    assert [] == re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=", page)


def test_a_page_that_is_known_is_not_sent_again(handler: Handler) -> None:
    """If-None-Match with the tag of before is answered with 304 and no body."""
    tag = get(handler, "/")["headers"]["etag"]
    again = get(handler, "/", if_none_match=f'"other", {tag}')
    assert (304, None) == (again["statusCode"], again.get("body"))


def test_assets_are_kept_for_ever_and_packed(handler: Handler, web: Path) -> None:
    """An asset comes packed as the client wants it, with a name that its content has made, to be kept for a year."""
    (script,) = (name for name in first_load(web) if "index" in name and name.endswith(".js"))
    plain, packed = get(handler, f"/{script}"), get(handler, f"/{script}", accept_encoding="gzip;q=0.9")
    smallest = get(handler, f"/{script}", accept_encoding="gzip, deflate, br")
    assert "public, max-age=31536000, immutable" == packed["headers"]["cache-control"]
    assert ("gzip", "br") == (packed["headers"]["content-encoding"], smallest["headers"]["content-encoding"])
    assert "text/javascript; charset=utf-8" == packed["headers"]["content-type"]
    assert (web / script).read_bytes() == gzip.decompress(base64.b64decode(packed["body"]))
    assert (web / script).read_bytes() == base64.b64decode(plain["body"])
    assert len(smallest["body"]) < len(packed["body"]) < len(plain["body"])


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js", "/robots.txt", "/favicon.ico", "/.well-known/security.txt", "/api/v2/x", "/v1/x", "/assets/",
        "/assets/../app.py", "/assets/../../app.py", "/app.py", "/.built", "/.vite/manifest.json", "/assets/%2e%2e/app.py",
    ],
)  # fmt: skip
def test_nothing_else_is_served(handler: Handler, path: str) -> None:
    """What is no asset and no page is answered with 404, and no path leads out of the build."""
    answer = get(handler, path)
    assert 404 == answer["statusCode"]
    assert "application/problem+json" == answer["headers"]["content-type"]


def test_without_a_build_the_page_says_how_to_make_one(
    handler: Handler, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An installation without the dashboard says so, and what to do."""
    monkeypatch.setattr("web._BUILD", tmp_path)
    answer = get(handler, "/applications")
    assert 503 == answer["statusCode"]
    assert "make dashboard" in answer["body"]


def test_the_first_page_is_small(web: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Script and styles of the list of applications weigh less than 200 KB on their way, whichever packing is taken."""
    files = ["index.html", *first_load(web)]
    weights = {end: sum((web / f"{name}{end}").stat().st_size for name in files) for end in (".br", ".gz")}
    with capsys.disabled():
        print(f"\nfirst load: {weights['.br'] / 1024:.1f} KiB in br, {weights['.gz'] / 1024:.1f} KiB in gzip", end="")
    assert max(weights.values()) < BUDGET


@pytest.mark.parametrize("path", ["/", "/applications", "/nothing.html"])
def test_head_is_answered_as_get_without_the_body(handler: Handler, path: str) -> None:
    """GIVEN an address WHEN asked by HEAD THEN status and headers are those of GET, and there is no body."""
    read, head = get(handler, path), get(handler, path, method="HEAD")
    assert (read["statusCode"], read["headers"], "") == (head["statusCode"], head["headers"], head["body"])
