"""What people said of an application, and what they asked for, as it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.errors import ConflictError
from mooring.model.application import parse_application
from mooring.model.options import APPROVED
from mooring.state import codec
from mooring.state.operations import Instead, Request
from mooring.state.records import Paused, Spec
from mooring.state.wanted import Commit
from tests.doubles.installation import World

TEXTS = st.text(max_size=20)
TIMES = st.floats(1, 2e9)


def _spec(**annotations: str) -> Spec:
    document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "shop", "annotations": annotations},
        "spec": {
            "source": {"repoURL": "https://git.test/acme/shop", "path": "."},
            "destination": {"name": "in-cluster", "namespace": "shop"},
        },
    }
    return Spec(parse_application(document).application, 3, ())


@given(st.none() | st.builds(Paused, TEXTS, TIMES, TEXTS), st.just(0.0) | TIMES)
def test_what_was_said_comes_back(paused: Paused | None, approved: float) -> None:
    """GIVEN anything that was said WHEN it is written and read THEN it is the same, and nothing stands where nothing was."""
    spec = replace(_spec(), paused=paused, approved=approved)
    item = codec.spec_item("APP#argocd/shop", spec)
    read = codec.spec_from(item)
    assert (paused, approved, approved) == (read.paused, read.approved, read.application.marks.approved)
    assert bool(paused or approved) is ("said" in item)


def test_the_later_confirmation_counts() -> None:
    """GIVEN a confirmation in the document and one beside it WHEN both are read THEN the later one counts."""
    spec = replace(_spec(**{APPROVED: "2030-01-01T00:00:00Z"}), approved=5.0)
    read = codec.spec_from(codec.spec_item("APP#argocd/shop", spec))
    assert spec.application.marks.approved == read.application.marks.approved > 5.0


@given(
    st.builds(
        Request,
        TEXTS.filter(bool),
        TEXTS,
        TIMES,
        st.none() | st.booleans(),
        dry_run=st.booleans(),
        revisions=st.sampled_from([(), ("v1",), ("", "v2")]),
        instead=st.none() | st.builds(Instead, TEXTS, TEXTS, st.builds(Commit, TEXTS), TEXTS),
        returned=TEXTS,
    )
)
def test_what_was_asked_for_comes_back(request: Request) -> None:
    """GIVEN any request WHEN it is written and read THEN it is the same."""
    assert request == codec.request_from(codec.request_item("APP#argocd/shop", request))


def test_no_word_is_lost_between_two_writers(make_world: Callable[[], World]) -> None:
    """GIVEN two people who read the same WHEN one pauses and the other confirms THEN the second is told to look again."""
    world = make_world()
    key = world.declare()
    seen = world.record(key).spec
    assert seen is not None
    world.applications.say(replace(seen, paused=Paused("ada", 1.0, "")), seen)
    with pytest.raises(ConflictError):
        world.applications.say(replace(seen, approved=2.0), seen)
    again = world.record(key).spec
    assert again is not None
    world.applications.say(replace(again, approved=2.0), again)
    both = world.record(key).spec
    assert both is not None
    assert ("ada", 2.0) == (both.paused.by if both.paused else "", both.approved)
