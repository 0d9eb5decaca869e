"""Rolling sync: what may be synced now, and deleted now."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doubles.generatorworld import declared

from mooring.appsets.rolling import Member, may_delete, progress
from mooring.model.applicationset import Rollout


def rollout(*steps: dict[str, Any], order: str = "AllAtOnce") -> Rollout:
    """Steps as they are written: `env` of each, and how many at a time."""
    written = [
        {
            "matchExpressions": [{"key": "env", "operator": "In", "values": step["env"]}],
            **({"maxUpdate": step["max"]} if "max" in step else {}),
        }
        for step in steps
    ]
    strategy = {"type": "RollingSync", "rollingSync": {"steps": written}, "deletionOrder": order}
    return declared({"list": {"elements": []}}, strategy=strategy).rollout


DEV_THEN_LIVE = rollout({"env": ["dev"]}, {"env": ["live"], "max": 2})


def member(name: str, env: str, stage: str = "Waiting") -> Member:
    """An application at a stage."""
    sync, health = {"Healthy": ("Synced", "Healthy"), "Waiting": ("OutOfSync", "Healthy")}.get(
        stage, ("Synced", "Progressing")
    )
    return Member(name, {"env": env}, sync, health)


def test_a_step_waits_for_those_before_it() -> None:
    """GIVEN the first step under way WHEN asked THEN only its own may be synced."""
    members = [member("d1", "dev"), member("d2", "dev", "Progressing"), member("l1", "live")]
    found = progress(DEV_THEN_LIVE, members)
    assert (0, ("d1",)) == (found.current, found.may_sync)
    assert {"d1": 0, "d2": 0, "l1": 1} == found.steps


def test_a_step_begins_when_all_before_it_are_well() -> None:
    """And then no more than its limit at a time."""
    done = [member("d1", "dev", "Healthy")]
    live = [member(f"l{number}", "live") for number in range(4)]
    assert (1, ("l0", "l1")) == _decided(progress(DEV_THEN_LIVE, done + live))
    under_way = [member("l0", "live", "Progressing"), *live[1:]]
    assert (1, ("l1",)) == _decided(progress(DEV_THEN_LIVE, done + under_way))


def _decided(found: Any) -> tuple[int | None, tuple[str, ...]]:
    return found.current, found.may_sync


def test_what_is_in_no_step_is_never_synced_by_itself() -> None:
    """As Argo CD does: by hand only; nor does anybody wait for it."""
    found = progress(DEV_THEN_LIVE, [member("x", "other"), member("d1", "dev", "Healthy")])
    assert (None, (), None) == (found.current, found.may_sync, found.steps["x"])


def test_without_steps_everything_that_waits_may_be_synced() -> None:
    """All at once."""
    found = progress(Rollout(), [member("a", "x"), member("b", "y", "Healthy")])
    assert ("a",) == found.may_sync


@pytest.mark.parametrize(
    ("limit", "total", "allowed"),
    [(0, 4, 0), (3, 4, 3), (9, 4, 4), ("0%", 4, 0), ("10%", 4, 1), ("50%", 5, 2), ("100%", 4, 4)],
)
def test_limits(limit: int | str, total: int, allowed: int) -> None:
    """Percentages are rounded down, and to one at least unless they are none."""
    steps = rollout({"env": ["dev"], "max": limit})
    assert allowed == len(progress(steps, [member(str(number), "dev") for number in range(total)]).may_sync)


def test_stages_follow_from_the_status() -> None:
    """GIVEN what is known of an application WHEN judged THEN it has Argo CD's word for it."""
    labels = {"env": "dev"}
    assert [
        ("Waiting", Member("a", labels, "OutOfSync", "Healthy")),
        ("Pending", Member("a", labels, "OutOfSync", "Healthy", requested=True)),
        ("Progressing", Member("a", labels, "OutOfSync", "Healthy", requested=True, operating=True)),
        ("Progressing", Member("a", labels, "OutOfSync", "Degraded", attempted=True)),
        ("Progressing", Member("a", labels, "Synced", "Progressing")),
        ("Healthy", Member("a", labels, "Synced", "Healthy")),
    ] == [(each.stage, each) for each in _all_stages(labels)]


def _all_stages(labels: dict[str, str]) -> list[Member]:
    return [
        Member("a", labels, "OutOfSync", "Healthy"),
        Member("a", labels, "OutOfSync", "Healthy", requested=True),
        Member("a", labels, "OutOfSync", "Healthy", requested=True, operating=True),
        Member("a", labels, "OutOfSync", "Degraded", attempted=True),
        Member("a", labels, "Synced", "Progressing"),
        Member("a", labels, "Synced", "Healthy"),
    ]


def test_deletion_in_reverse_takes_the_last_step_first() -> None:
    """GIVEN applications of two steps and of none WHEN deleted THEN one group goes after the other."""
    reverse = rollout({"env": ["dev"]}, {"env": ["live"]}, order="Reverse")
    left = {"d": {"env": "dev"}, "l1": {"env": "live"}, "l2": {"env": "live"}, "x": {}}
    gone = []
    while left:
        gone.append(may_delete(reverse, left))
        left = {name: labels for name, labels in left.items() if name not in gone[-1]}
    assert [("x",), ("l1", "l2"), ("d",)] == gone
    assert ("a", "b") == may_delete(DEV_THEN_LIVE, {"b": {"env": "live"}, "a": {"env": "dev"}})


MEMBERS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.tuples(st.sampled_from(["dev", "live", "other"]), st.sampled_from(["Waiting", "Progressing", "Healthy"])),
    max_size=20,
)


@given(MEMBERS, st.sampled_from([None, 0, 1, 3, "30%"]))
def test_a_rollout_ends_and_never_overtakes(members: dict[str, tuple[str, str]], limit: int | str | None) -> None:
    """GIVEN any start WHEN what may be synced becomes well again and again THEN every step ends, in order, in limits.

    Only a limit of none stops it.
    """
    more = {} if limit is None else {"max": limit}
    steps = rollout({"env": ["dev"], **more}, {"env": ["live"]})
    now = dict(members)
    for _ in range(2 * len(members) + 2):
        found = progress(steps, [member(name, *each) for name, each in now.items()])
        assert all(found.steps[name] == found.current for name in found.may_sync)
        busy = [name for name, (_, stage) in now.items() if stage == "Progressing"]
        for name in (*found.may_sync, *busy):
            now[name] = (now[name][0], "Healthy")
    waiting = [name for name, (env, stage) in now.items() if stage == "Waiting" and env != "other"]
    assert not waiting or limit == 0
