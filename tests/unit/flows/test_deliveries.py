"""Who may tell what, how often strangers are answered, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mooring.errors import ConfigurationError
from mooring.events.forges.verifying import Rules
from mooring.flows.rules.pacing import Allowances
from mooring.flows.rules.unsigned import DeliveryRules, read_delivery_rules
from mooring.state.deliveries import REFUSALS_KEPT, Deliveries, Told
from tests.doubles.installation import World, installation


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, Rules()),
        ({"webhook.unsigned": ""}, Rules()),
        ({"webhook.unsigned": "gogs, gitlab\n"}, Rules(frozenset({"gogs", "gitlab"}))),
        (
            {"webhook.bitbucket.sources": "192.0.2.0/24,2001:db8::/32 198.51.100.7"},
            Rules(bitbucket_sources=("192.0.2.0/24", "2001:db8::/32", "198.51.100.7")),
        ),
    ],
)
def test_rules(data: dict[str, str], expected: Rules) -> None:
    """Providers and networks are listed with commas or blanks between them; without a word nobody is let in."""
    assert expected == read_delivery_rules(data)


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("webhook.unsigned", "gogs, gitlub", "gitlub"),
        ("webhook.unsigned", "codecommit", "codecommit"),
        ("webhook.bitbucket.sources", "192.0.2.0/24, everywhere", "everywhere"),
    ],
)
def test_wrong_rules_are_named(key: str, value: str, named: str) -> None:
    """A provider that there is not, or a network that is none, is refused when the settings come in."""
    with pytest.raises(ConfigurationError, match=named) as caught:
        read_delivery_rules({key: value})
    assert f"data[{key}]" == caught.value.field


def test_rules_are_read_once_a_minute() -> None:
    """GIVEN strangers who ask again and again THEN the settings are read once a minute."""
    read: list[int] = []
    now = 0.0

    def state() -> tuple[dict[str, str], None]:
        read.append(1)
        return {"webhook.unsigned": "gogs"}, None

    rules = DeliveryRules(cast("Any", SimpleNamespace(health_scripts=SimpleNamespace(state=state))), lambda: now)
    assert {frozenset({"gogs"})} == {rules().unsigned for _ in range(100)}
    assert 1 == len(read)
    now = 60.0
    rules()
    assert 2 == len(read)


def test_an_allowance_comes_back() -> None:
    """GIVEN a source that used its allowance up THEN it gets one more every two seconds, and others have their own."""
    allowances = Allowances()
    assert [True] * 30 + [False] * 5 == [allowances.take("a", 100.0) for _ in range(35)]
    assert allowances.take("b", 100.0)
    assert [True, False] == [allowances.take("a", 102.0) for _ in range(2)]
    assert [True] * 30 + [False] == [allowances.take("a", 1000.0) for _ in range(31)]
    assert not allowances.take("a", 999.0)  # a clock that goes back gives nothing


def test_allowances_take_little_room() -> None:
    """GIVEN a flood from ever new sources THEN a thousand of them are remembered."""
    allowances = Allowances()
    for number in range(5000):
        assert allowances.take(str(number), 0.0)
    assert 1000 == len(allowances._left)


def told(at: float, **changed: Any) -> Told:
    return Told(**{"at": at, "provider": "github", "event": "push", "id": f"d{at}", "outcome": "queued"} | changed)


def test_the_last_come_first(make_world: Callable[[], World]) -> None:
    """GIVEN deliveries and refusals THEN they are told newest first, as many as are asked for, and complete."""
    deliveries = Deliveries(make_world().table)
    full = told(
        50.5, refs=("refs/heads/main",), by="ada", source="192.0.2.1", applications=("argocd/a",), touched=1,
        sets=("argocd/s",), concerned=1, repository="git.test/a",
    )  # fmt: skip
    for each in (told(10.25), full, told(999_999.0)):
        deliveries.note(each, {"id": each.id})
    deliveries.refuse(told(70.0, outcome="refused", reason="X: is wrong"))
    assert [999_999.0, 70.0, 50.5, 10.25] == [each.at for each in deliveries.last()]
    assert [999_999.0, 70.0] == [each.at for each in deliveries.last(2)]
    assert full == deliveries.last()[2]


def test_what_was_seen_is_seen_by_its_provider(make_world: Callable[[], World]) -> None:
    """GIVEN a delivery THEN its names are known for its provider, and mean nothing for another."""
    deliveries = Deliveries(make_world().table)
    deliveries.note(told(1.0), {"id": "one", "twin": "content"})
    assert {"id", "twin"} == deliveries.seen("github", {"id": "one", "twin": "content"})
    assert {"twin"} == deliveries.seen("github", {"id": "two", "twin": "content"})
    assert set() == deliveries.seen("gitlab", {"id": "one", "twin": "content"})


def test_a_record_is_bounded(make_world: Callable[[], World]) -> None:
    """GIVEN a delivery of thousands and endless texts THEN fifty are named, all are counted, and texts are cut."""
    deliveries = Deliveries(make_world().table)
    many = tuple(f"argocd/app-{n}" for n in range(5000))
    deliveries.note(told(1.0, applications=many, sets=many, refs=many, concerned=5000, by="x" * 10_000), {})
    (kept,) = deliveries.last()
    assert (50, 50, 50, 5000) == (len(kept.applications), len(kept.sets), len(kept.refs), kept.concerned)
    assert 500 == len(kept.by)


def test_refusals_have_a_fixed_number_of_places(make_world: Callable[[], World]) -> None:
    """GIVEN refusals from everywhere THEN no more are kept than there are places; one source has one for a reason."""
    world = make_world()
    deliveries = Deliveries(world.table)
    for number in range(20):
        deliveries.refuse(told(float(number), outcome="refused", reason="same", source="192.0.2.1"))
    assert [19.0] == [each.at for each in deliveries.last()]
    for number in range(1000):
        deliveries.refuse(told(float(number), outcome="refused", source=str(number)))
    assert REFUSALS_KEPT == len(list(world.table.query("DELIVERIES#refused")))
