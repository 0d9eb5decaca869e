"""One browser for each worker; a page of its own for each test, at each width and in each theme that it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local import dashboard
from tests.doubles.browsing import Desk, Seen, chromium, desk, open_browser, plant_fleet
from tests.doubles.pictures import looks_like

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OpenPage = Callable[..., Seen]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-pictures", action="store_true", help="make pictures of pages anew, to be looked at")


@pytest.fixture(scope="session", autouse=True)
def _built() -> None:
    """What a stack serves is the dashboard as it is written now, whatever was built here before."""
    if chromium() is not None:
        dashboard.build(print)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if chromium() is None:
        pytest.skip("no chromium on PATH: install it, as .ci/run does")
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)  # a machine may have more to do; what holds at once waits for nothing
    with open_browser() as found:
        yield found


@pytest.fixture(scope="module")
def fleet() -> Iterator[Desk]:
    """An installation with 120 applications of every health."""
    with desk() as found:
        plant_fleet(found.behind, 120)
        yield found


@pytest.fixture
def look(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages of a desk: `look(desk, width=390, theme="dark")`. At the end none has complained of anything."""
    pages: list[Seen] = []

    def opened(at: Desk, *, width: int = 1280, theme: str = "light", quiet: bool = True) -> Seen:
        context = browser.new_context(
            viewport={"width": width, "height": 844 if width < 600 else 800},
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="reduce",
            has_touch=width < 600,
            locale="en-GB",
            timezone_id="UTC",
        )
        context.set_default_timeout(30_000)
        seen = Seen(context.new_page(), at)
        if quiet:
            seen.watch()
        pages.append(seen)
        return seen

    yield opened
    for seen in pages:
        seen.page.context.close()
    for seen in pages:
        seen.quiet()


@pytest.fixture
def write(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--write-pictures", default=False))


@pytest.fixture
def alike(write: bool, tmp_path: Path) -> Callable[[Seen, str], None]:
    return lambda seen, name: looks_like(seen, name, write=write, aside=tmp_path)
