"""What timeline, history and drift look like: held to pictures, as in `test_pictures`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mooring.plan.driftrecords import ChangedField
from tests.doubles.browsing import ROOT, Desk, Seen, desk
from tests.doubles.pasts import NOON, TOKEN, Past
from tests.doubles.pictures import NARROW, WIDE, show, small

Look = Callable[..., Seen]
Alike = Callable[[Seen, str], None]

DOCS = ROOT / "docs/images"
APP = "/applications/argocd/shop"


@pytest.fixture(scope="module")
def past() -> Iterator[Desk]:
    """One application that was synced twice, healed once, and has a Secret that somebody changed."""
    with desk() as found:
        made = Past(found.behind)
        made.operate(NOON - 200_000, "a1" * 20, "Begin with one web server")
        made.operate(NOON - 90_000, "b2" * 20, "Serve more")
        heal = made.operate(NOON - 5_000, "b2" * 20, "Serve more", kind="heal")
        fields = (ChangedField(".spec.replicas", 3, 9, "kubectl-edit", "Update"),)
        made.drift(NOON - 5_003, "bob@acme.test", "reverted", *fields, operation=heal.id)
        secret = ChangedField(".data.password", "(hmac:12345678)", "(hmac:87654321)", "kubectl-patch")
        made.drift(NOON - 4_000, "eve@acme.test", "reported", secret, key=TOKEN)
        yield found


@pytest.mark.parametrize(
    ("page", "width", "theme"),
    [("timeline", WIDE, "dark"), ("timeline", NARROW, "light"), ("history", WIDE, "light"), ("drift", WIDE, "light"),
     ("drift", NARROW, "dark")],
)  # fmt: skip
def test_a_past(look: Look, past: Desk, alike: Alike, page: str, width: int, theme: str) -> None:
    """GIVEN syncs and changes by hand WHEN they are told THEN the page looks as it did."""
    seen = show(look, past, "/drift" if page == "drift" else f"{APP}/{page}", NOON, width, theme)
    alike(seen, f"{page}-{width}-{theme}")


def test_pictures_of_the_docs_are_made(look: Look, past: Desk, write: bool) -> None:
    """The docs' pictures of a past, made anew when that is asked for."""
    if write:
        small(show(look, past, "/drift", NOON, WIDE, "light"), DOCS / "drift.png")
        small(show(look, past, f"{APP}/timeline", NOON, WIDE, "dark"), DOCS / "timeline.png")
    assert {"drift.png", "timeline.png"} <= {each.name for each in DOCS.glob("*.png")}
