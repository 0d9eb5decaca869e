"""What a page looks like, held to a picture of it that is kept beside the tests.

Texts are drawn by a font of blocks (`tests.doubles.blockfont`), the clock stands still and nothing is animated, so the
picture is the same on machines with other fonts, or none. What is left to differ is how a version of Chromium smooths
edges: a pixel counts as different from a fifth of the way from black to white on, and one in a hundred may be.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Route, expect

from tests.doubles.blockfont import block_font
from tests.doubles.browsing import Desk, Seen
from tests.doubles.pasts import NOON
from tests.doubles.trees import EVENTS, LOGS, SECRETS, application_of, changed_of, tree_of

__all__ = ["BESIDE", "NARROW", "WIDE", "difference", "looks_like", "set_in_blocks", "show", "show_answers", "small"]

BESIDE = Path(__file__).parents[1] / "browser/pictures"
WIDE, NARROW = 1280, 390
_STEP = 51  # of 255
_SHARE = 0.01
# Neither a font made of bytes nor a style sheet made by a script is something that the page's policy forbids.
_BLOCKS = """async (coded) => {
  const bytes = Uint8Array.from(atob(coded), (letter) => letter.charCodeAt(0));
  document.fonts.add(await new FontFace('Blocks', bytes.buffer).load());
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`*, *::before, *::after { font-family: Blocks !important; font-synthesis: none !important;
    letter-spacing: 0 !important; font-style: normal !important }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  await document.fonts.ready;
}"""
_DRAWN = "async () => { for (let at = 0; at < 5; at += 1) await new Promise(requestAnimationFrame) }"


def set_in_blocks(seen: Seen) -> None:
    """From now on, until it is loaded anew, the page is set in blocks."""
    seen.page.evaluate(_BLOCKS, base64.b64encode(block_font()).decode())
    seen.page.evaluate(_DRAWN)


def looks_like(seen: Seen, name: str, *, write: bool, aside: Path) -> None:
    """The window is as in `tests/browser/pictures/NAME.png`; the found one is left `aside` where it isn't.

    With `write` the picture is made anew instead.
    """
    from PIL import Image

    set_in_blocks(seen)
    shot = seen.page.screenshot(animations="disabled", caret="hide", scale="css")
    kept = BESIDE / f"{name}.png"
    if write:
        BESIDE.mkdir(exist_ok=True)
        Image.open(io.BytesIO(shot)).convert("RGB").save(kept, optimize=True)
        return
    assert kept.exists(), f"no picture {name}: run with --write-pictures, look at it, and commit it"
    found = aside / f"{name}.png"
    found.write_bytes(shot)
    share = difference(kept, found)
    assert share <= _SHARE, f"{name}: {share:.1%} of the pixels differ; see {found}. Meant? --write-pictures"


def difference(one: Path, other: Path) -> float:
    """The share of pixels that differ; all of them, where the sizes do."""
    from PIL import Image, ImageChops

    with Image.open(one) as kept, Image.open(other) as found:
        if kept.size != found.size:
            return 1.0
        apart = ImageChops.difference(kept.convert("RGB"), found.convert("RGB"))
        strongest = apart.getchannel(0)
        for channel in (1, 2):
            strongest = ImageChops.lighter(strongest, apart.getchannel(channel))
        return float(sum(strongest.histogram()[_STEP:])) / (kept.width * kept.height)


def small(seen: Seen, to: Path) -> None:
    """A picture of the window for people, with the letters of this machine."""
    from PIL import Image

    to.parent.mkdir(exist_ok=True)
    seen.page.evaluate(_DRAWN)
    shot = seen.page.screenshot(animations="disabled", caret="hide", scale="css")
    Image.open(io.BytesIO(shot)).convert("RGB").save(to, optimize=True)


def show(look: Callable[..., Seen], at: Desk, path: str, now: float, width: int, theme: str) -> Seen:
    """A page at a time that stands still, once something of it is there."""
    seen = look(at, width=width, theme=theme)
    seen.page.clock.set_fixed_time(now)
    seen.sign_in(path)
    expect(seen.page.locator(".apps-line, .entry, .history-row").first).to_be_visible()
    expect(seen.page.locator(".bone")).to_have_count(0)
    return seen


def show_answers(look: Callable[..., Seen], at: Desk, path: str, width: int, theme: str) -> Seen:
    """A page of the application `shop`, about which the API answers what `tests.doubles.trees` says, at a time that
    stands still.
    """
    seen = look(at, width=width, theme=theme)
    seen.page.clock.set_fixed_time(NOON)
    answers: dict[str, Any] = {
        "": application_of(), "/resource-tree": tree_of(), "/resource": changed_of(), "/events": EVENTS,
        "/logs": LOGS, "/secrets": SECRETS,
    }  # fmt: skip

    def answer(route: Route) -> None:
        rest = urlsplit(route.request.url).path.removeprefix("/api/v1/applications/shop")
        route.fulfill(json=answers.get(rest, {"items": []}))

    seen.page.route("**/api/v1/applications/shop**", answer)
    seen.page.route("**/api/v1/applications/shop/**", answer)
    seen.sign_in(path)
    return seen
