"""What people are told of images that were written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mooring.flows.images.news import news_of
from mooring.flows.images.writing import Result
from mooring.images.planning import Update
from mooring.model.application import AppKey
from mooring.model.imagenames import parse_name
from mooring.model.imagesettings import ValuesKeys
from mooring.model.imagetargets import WriteTarget
from mooring.state.images import ImageRow, ImagesState, OpenRequest

WEB = "ghcr.io/shop/web"
UPDATE = Update(
    AppKey("argocd", "shop"), "app", parse_name(WEB, field=""), "v1.2.0", "", "v1.3.0", "", "it is higher",
    WriteTarget("git", 0), ValuesKeys(),
)  # fmt: skip
BEFORE = ImagesState(rows=(ImageRow("app", WEB, "v1.2.0", "v1.2.0", reached="v1.2.0"),))
WRITTEN = ImagesState(
    rows=(ImageRow("app", WEB, "v1.2.0", "v1.3.0", reached="v1.3.0", reached_at=9.0, commit="c1"),)
)  # fmt: skip
PROPOSED = ImagesState(
    rows=(ImageRow("app", WEB, "v1.2.0", "v1.3.0", reached="v1.2.0"),),
    request=OpenRequest("https://git.test/shop.git", "main", "mooring/x", "", 7, "https://git.test/pulls/7", "open"),
)


def test_a_commit_is_told_with_what_it_changes() -> None:
    """The title says what the application is to run, the text what it ran."""
    told = news_of(BEFORE, WRITTEN, [UPDATE], Result("c1"))
    assert {
        "title": f"shop is to run {WEB}:v1.3.0",
        "text": f"{WEB}: v1.2.0 → v1.3.0",
        "commit": "c1",
    } == told


def test_a_pull_request_is_told_with_its_address() -> None:
    """A request that is new is news, also for the tag that was written before."""
    told = news_of(BEFORE, PROPOSED, [UPDATE], Result("c1", PROPOSED.request))
    assert (f"A pull request has shop run {WEB}:v1.3.0", "https://git.test/pulls/7") == (told["title"], told["url"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (WRITTEN, WRITTEN),
        (WRITTEN, replace(WRITTEN, rows=(replace(WRITTEN.rows[0], reached_at=12.0, commit="c2"),))),
        (PROPOSED, PROPOSED),
        (WRITTEN, replace(WRITTEN, rows=(replace(WRITTEN.rows[0], held=True),))),
    ],
)
def test_what_was_told_is_told_no_more(before: ImagesState, after: ImagesState) -> None:
    """Another look before the render, somebody's later commit on the branch, and what is held back are no news."""
    assert {} == news_of(before, after, [UPDATE], Result("c2", after.request))


def test_what_failed_is_told_to_nobody_as_done() -> None:
    """Neither an error nor a request that was turned down is an update."""
    declined = replace(PROPOSED, request=replace(PROPOSED.request, state="closed"))  # type: ignore[type-var]
    assert {} == news_of(BEFORE, declined, [UPDATE], Result("c1", declined.request))
    assert {} == news_of(BEFORE, WRITTEN, [UPDATE], None)
