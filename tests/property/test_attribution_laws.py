"""Laws of attribution: nobody is blamed for another's edit, and the order of what comes does not matter."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.differences.attribution import attribute
from mooring.events.deeds import Deed, Iam, Identity, ObjectName
from mooring.model.objects import ObjectKey
from mooring.plan.driftrecords import ChangedField, DriftRecord

START = datetime(2026, 3, 1, 2, tzinfo=UTC).timestamp()
KEY = ObjectKey("apps", "Deployment", "shop", "web")
MANAGERS = ("kubectl-edit", "kubectl-set", "kubectl-patch", "helm", "operator")


def at(seconds: float) -> str:
    return datetime.fromtimestamp(START + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def second(seconds: float) -> str:
    return datetime.fromtimestamp(START + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def deed(user: str, manager: str, seconds: float, name: str = "web") -> Deed:
    what = ObjectName("apps", "deployments", "shop", name)
    return Deed(f"{user}-{manager}-{seconds}", at(seconds), "patch", what, Identity(user), manager=manager)


def record(fields: tuple[ChangedField, ...]) -> DriftRecord:
    return DriftRecord(
        "01", "argocd/shop", "in-cluster", KEY, "changed", fields, "sweep", START + 1000, "noticed", "e", since=START
    )


edits = st.lists(
    st.tuples(st.sampled_from(["ada", "bob", "eve"]), st.sampled_from(MANAGERS), st.integers(5, 900)),
    min_size=1, max_size=12, unique_by=lambda edit: edit[2],
)  # fmt: skip


@settings(deadline=None)
@given(edits, st.randoms(use_true_random=False))
def test_the_author_is_named_and_nobody_is_wrongly_certain(
    done: list[tuple[str, str, int]], order: random.Random
) -> None:
    """GIVEN edits of many people WHEN each field shows its last manager THEN its author is among those named for it.

    Whoever is called certain did it, and nobody is named for a field of another manager.
    """
    last = {manager: seconds for _, manager, seconds in sorted(done, key=lambda edit: edit[2])}
    fields = tuple(ChangedField(f".{m}", 1, 2, m, "Update", "", second(s)) for m, s in last.items())
    authors = {f".{manager}": user for user, manager, seconds in done if last[manager] == seconds}
    deeds = [deed(*edit) for edit in done]
    order.shuffle(deeds)
    suspects = attribute(record(fields), deeds)
    for path, author in authors.items():
        named = [each for each in suspects if path in each.fields]
        assert author in {each.user for each in named}
        assert path.removeprefix(".") in {each.deed.split("-", 1)[1].rsplit("-", 1)[0] for each in named}
        assert all(each.user == author for each in named if each.certain)
    assert suspects == attribute(record(fields), sorted(deeds, key=lambda each: each.id))


@settings(deadline=None)
@given(edits)
def test_what_was_done_elsewhere_blames_nobody(done: list[tuple[str, str, int]]) -> None:
    """GIVEN deeds on other objects, before our last write or after the look THEN nobody is named."""
    fields = (ChangedField(".spec", 1, 2, "kubectl-edit", "Update", "", second(500)),)
    others = [deed(user, manager, seconds, "other") for user, manager, seconds in done]
    early = [deed(user, manager, seconds - 10_000) for user, manager, seconds in done]
    late = [deed(user, manager, seconds + 10_000) for user, manager, seconds in done]
    assert () == attribute(record(fields), others + early + late)


def test_a_thousand_edits_by_ten_people_in_a_minute_are_told_apart() -> None:
    """GIVEN 1,000 edits by 10 people in a minute, each of an object of its own THEN each has its author and no other."""
    people = [f"person-{number}" for number in range(10)]
    deeds = [deed(people[i % 10], "kubectl-edit", 5 + i * 0.06, f"web-{i}") for i in range(1000)]
    for i, done in enumerate(deeds):
        key = ObjectKey("apps", "Deployment", "shop", f"web-{i}")
        changed = ChangedField(".spec.replicas", 2, 5, "kubectl-edit", "Update", "", second(int(5 + i * 0.06)))
        own = DriftRecord(
            "01",
            "argocd/shop",
            "in-cluster",
            key,
            "changed",
            (changed,),
            "watch",
            START + 70,
            "noticed",
            "e",
            since=START,
        )
        nearby = deeds[max(0, i - 3) : i + 4]
        assert [(done.who.user, True)] == [(each.user, each.certain) for each in attribute(own, nearby)]


def test_a_collection_that_a_selector_chose_from_is_likely_at_most() -> None:
    """GIVEN a deletion of chosen objects, and one by name WHEN an object is gone THEN the name decides, if there is one."""
    gone = replace(record(()), what="deleted")
    everything = ObjectName("apps", "deployments", "shop", "")
    chosen = replace(deed("ada", "kubectl", 10), verb="deletecollection", object=everything, selector="app=other")
    named = replace(deed("bob", "kubectl", 20), verb="delete")
    whole = replace(deed("eve", "kubectl", 30), verb="deletecollection", object=everything)
    assert [("ada", False)] == [(each.user, each.certain) for each in attribute(gone, [chosen])]
    assert [("bob", True)] == [(each.user, each.certain) for each in attribute(gone, [chosen, named])]
    assert [("eve", True)] == [(each.user, each.certain) for each in attribute(gone, [whole])]
    assert ["eve", "bob"] == [each.user for each in attribute(gone, [named, whole])]
    elsewhere = replace(whole, object=ObjectName("apps", "deployments", "blog", ""))
    assert () == attribute(gone, [elsewhere])


def test_everything_that_the_log_knows_of_a_person_is_told() -> None:
    """GIVEN an EKS identity WHEN it is named THEN ARN, session and key are told, and that a session's name proves nothing."""
    iam = Iam("arn:aws:sts::1:assumed-role/ops/ada", "", "ada", "ASIAEXAMPLE", "AROA")
    who = Identity("ops", ("team", "system:authenticated"), iam)
    done = replace(deed("ops", "kubectl-edit", 10), who=who, agent="kubectl-edit/v1.36", addresses=("192.0.2.7",))
    fields = (ChangedField(".spec", 1, 2, "kubectl-edit", "Update", "", second(10)),)
    (suspect,) = attribute(record(fields), [done])
    told = dict(suspect.told)
    assert ("team, system:authenticated", "192.0.2.7", "ASIAEXAMPLE") == (
        told["groups"], told["address"], told["access key"],
    )  # fmt: skip
    assert "ada (chosen freely by whoever assumed the role)" == told["session"]
