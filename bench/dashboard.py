"""What the dashboard costs a browser: `python -m bench dashboard [--applications N] [--session N [--interpreted]]`.

Without `--session`: a generated fleet in the table of a local stack; the list of it is opened anew a few times in
Chromium, until every row is there to be scrolled to. Told apart are the wait for the API (the emulator of DynamoDB is
most of it) and what the page does itself; then the list is scrolled from end to end, and tasks that keep the page from
drawing for longer than 50 ms are counted, as the browser reports them.

With it: somebody works for so long on a stack with a few real applications. They go through all pages without ever
loading one anew, open and close graphs and drawers, and follow logs, while commits arrive and are synced. Each minute
garbage is collected and what is left of JavaScript's heap, nodes of the document and listeners is written down, and of
the heap what the page holds and what is code. At the end the second third is compared with the last. `--interpreted`
has V8 compile nothing to machine code, which it goes on with for longer than any session: what the heap then does is
the page's own doing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.fleets import populate
from bench.heap import weigh
from bench.measured import note
from local import dashboard
from local.stack import Options, Stack
from mooring.composition import Composition
from tests.doubles.browsing import Desk, Seen, open_browser
from tests.doubles.harbour import Harbour, harbour
from tests.e2e.ground import config_map, text

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession

__all__ = ["main"]

_TIMES = 5
_MINUTE = 60.0
_LIST = "/api/v1/applications?view=summary"
_SHOP = "/applications/argocd/shop"
_WEB = f"{_SHOP}?resource=apps/Deployment/shop/web"
_WAY = (
    "/applications", "/applications?view=cards", "/applications?view=map", _SHOP, _WEB, f"{_WEB}&pane=manifest",
    f"{_WEB}&pane=events", f"{_WEB}&pane=logs", _SHOP, f"{_SHOP}?view=list", f"{_SHOP}/changes", f"{_SHOP}/timeline",
    f"{_SHOP}/history", f"{_SHOP}/events", "/applications/argocd/mailer", "/applications/argocd/mailer/timeline",
    "/applications/argocd/platform", "/drift", "/projects", "/projects/shop", "/applicationsets",
    "/applicationsets/argocd/edge", "/images", "/promotions", "/clusters", "/clusters/in-cluster", "/repositories",
    "/webhooks", "/audit", "/costs", "/settings/tokens", "/settings/access",
)  # fmt: skip
_COMMITS = 10  # pages from one to the next: lists that show the newest hundred are full within the first half
_LEFT = ("minute", "pages", "heap MB", "data KB", "code KB", "nodes", "listeners", "documents")
_WATCH = """window.long = []; window.moved = 0; window.through = undefined;
new PerformanceObserver((list) => { for (const each of list.getEntries()) window.long.push(each.duration) })
  .observe({type: 'longtask', buffered: true});
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.moved += each.value
}).observe({type: 'layout-shift', buffered: true});
new MutationObserver((_, observer) => {
  if (document.querySelector('.apps-name') === null) return;
  observer.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => { window.through = performance.now() }));
}).observe(document, {childList: true, subtree: true});"""
_SHOWN = "async () => { while (window.through === undefined) await new Promise(requestAnimationFrame) }"
_FOUND = """() => {
  const list = performance.getEntriesByType('resource').find((each) => each.name.endsWith('%s'));
  const all = [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')];
  return {
    shown: window.through, asked: list.startTime, answered: list.responseEnd, packed: list.encodedBodySize,
    moved: window.moved, long: window.long,
    bytes: all.filter((each) => !each.name.includes('/api/')).reduce((sum, each) => sum + each.transferSize, 0),
  };
}"""
_SCROLL = """async () => {
  window.long = [];
  const area = document.querySelector('#page'), frames = [];
  let before = performance.now();
  for (let at = 0; at <= area.scrollHeight; at += 160) {
    area.scrollTop = at;
    await new Promise(requestAnimationFrame);
    const now = performance.now(); frames.push(now - before); before = now;
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  frames.sort((one, other) => one - other);
  return {long: window.long, frames: frames.length, height: area.scrollHeight,
    median: frames[frames.length >> 1], worst: frames[frames.length - 1]};
}"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what is asked for and prints a table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.dashboard", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--applications", type=int, default=2_000)
    parser.add_argument("--session", type=float, metavar="MINUTES", help="how long somebody works")
    parser.add_argument("--interpreted", action="store_true", help="without machine code")
    asked = parser.parse_args(arguments)
    options = ["--js-flags=--jitless"] if asked.interpreted else []
    with tempfile.TemporaryDirectory(prefix="mooring-bench-") as folder, open_browser(*options) as browser:
        if asked.session is None:
            _measure_list(browser, Path(folder), asked.applications)
        else:
            _measure_session(browser, Path(folder), asked.session, asked.interpreted)
    return 0


def _measure_list(browser: Browser, folder: Path, count: int) -> None:
    dashboard.build(print)
    with Stack.start(Options(directory=folder / "stack", workloads=False, sweep=36_000), print) as stack:
        known = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "eu-central-1"}
        os.environ |= known | {"AWS_ENDPOINT_URL": stack.endpoint}
        populate(Composition({**os.environ, "MOORING_TABLE": stack.resources["Table"]}).table, count, now=time.time())
        seen = _enter(browser, stack.mooring.url.replace("127.0.0.1", "localhost"), stack.mooring.secret)
        seen.page.locator(".apps-name").first.wait_for(timeout=120_000)
        seen.page.add_init_script(_WATCH)
        rounds = []
        for _ in range(_TIMES):
            seen.open("/applications")
            seen.page.evaluate(_SHOWN)
            rounds.append(seen.page.evaluate(_FOUND % _LIST))
        scrolled = seen.page.evaluate(_SCROLL)
        cold = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        cold.goto(stack.mooring.url.replace("127.0.0.1", "localhost") + "/applications")
        cold.get_by_label("Token of this stack").wait_for()
        bytes_first = cold.evaluate(
            "[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]"
            ".filter((each) => !each.name.includes('/api/')).reduce((sum, each) => sum + each.transferSize, 0)"
        )
    api = [each["answered"] - each["asked"] for each in rounds]
    own = [each["shown"] - took for each, took in zip(rounds, api, strict=True)]
    figures = {
        "applications": count,
        "shown ms": round(median(each["shown"] for each in rounds)),
        "of that the API ms": round(median(api)),
        "of that the page ms": round(median(own)),
        "layout shift": round(max(each["moved"] for each in rounds), 4),
        "list packed KB": round(rounds[0]["packed"] / 1024),
        "first load KB": round(bytes_first / 1024),
        "longest task while loading ms": round(max((max(each["long"], default=0) for each in rounds), default=0)),
        "scrolled px": scrolled["height"],
        "frame ms": round(scrolled["median"], 1),
        "worst frame ms": round(scrolled["worst"], 1),
        "long tasks while scrolling": len(scrolled["long"]),
    }
    for name, value in figures.items():
        print(f"| {name} | {value} |")
    note("dashboard", figures)


def _measure_session(browser: Browser, folder: Path, minutes: float, interpreted: bool) -> None:
    with harbour(folder / "stack") as stand:
        seen = _enter(browser, stand.url, stand.ground.stack.mooring.secret)
        seen.watch()
        session = seen.page.context.new_cdp_session(seen.page)
        session.send("HeapProfiler.enable")
        curve: list[dict[str, Any]] = []
        print(f"| {' | '.join(_LEFT)} |\n|{' --- |' * len(_LEFT)}")
        begun, pages = time.monotonic(), 0
        while (passed := time.monotonic() - begun) <= minutes * _MINUTE:
            pages += _walk(seen, stand, pages)
            if passed // _MINUTE >= len(curve):
                minute = round((time.monotonic() - begun) / _MINUTE, 1)
                curve.append({"minute": minute, "pages": pages} | _left(seen, session))
                print(f"| {' | '.join(str(curve[-1][name]) for name in _LEFT)} |", flush=True)
        third = len(curve) // 3
        for name in _LEFT[2:] if third else ():
            middle, last = (median(each[name] for each in part) for part in (curve[third:-third], curve[-third:]))
            print(f"{name}: {middle:g} in the second third, {last:g} in the last")
        print(json.dumps(seen.complaints[:20], indent=1))
    name = "dashboard session, interpreted" if interpreted else "dashboard session"
    note(name, {"minutes": minutes, "pages": pages, "curve": curve})


def _walk(seen: Seen, stand: Harbour, before: int) -> int:
    """Once through all pages, without loading any, while something happens; how many that were."""
    for at, address in enumerate(_WAY, before):
        if at % _COMMITS == 0:
            color = ("green", "blue")[at // _COMMITS % 2]
            stand.cases["mailer"].push({"k8s/app.yaml": text(config_map("settings", color))})
        seen.page.evaluate("(to) => history.pushState(null, '', to)", address)
        seen.page.locator(".bone").first.wait_for(state="hidden", timeout=60_000)
        seen.page.wait_for_timeout(4_000 if address.endswith("logs") else 700)
    return len(_WAY)


def _left(seen: Seen, session: CDPSession) -> dict[str, Any]:
    """What is left on the first page once garbage is collected."""
    seen.page.evaluate("history.pushState(null, '', '/applications')")
    seen.page.wait_for_timeout(8_000)  # toasts leave by themselves
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    counted, weighed = session.send("Memory.getDOMCounters"), weigh(session)
    return {
        "heap MB": round(session.send("Runtime.getHeapUsage")["usedSize"] / 1024**2, 2),
        "data KB": weighed.data,
        "code KB": weighed.code,
        "nodes": counted["nodes"],
        "listeners": counted["jsEventListeners"],
        "documents": counted["documents"],
    }


def _enter(browser: Browser, url: str, secret: str) -> Seen:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC")
    seen = Seen(context.new_page(), Desk(url, None, secret))  # type: ignore[arg-type]
    seen.sign_in()
    return seen


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
