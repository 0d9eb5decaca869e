"""What holds of health whatever the objects look like."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from mooring.health import BUILT_IN, Health, Status, assess, can_assess, has_rule
from mooring.health.families.known import GROUPS, KINDS

WORDS = st.sampled_from(
    "Ready Available Synced Progressing Healthy True False Unknown Failed Error Running Accepted message name 1 2".split()
)
FIELDS = st.sampled_from(
    "conditions phase type status reason message observedGeneration generation replicas readyReplicas listeners parents "
    "parentRef ancestors active health state containerStatuses waiting terminated lastState phase loadBalancer ingress "
    "annotations finalizers strategy updateStrategy rollingUpdate partition applicationState error paused suspend "
    "validationMessages failureMessage pauseConditions failed spec metadata deletionTimestamp restartPolicy".split()
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=15,
)
KNOWN = sorted([*BUILT_IN, *KINDS, *((group, "Thing") for group in GROUPS), ("example.com", "Widget")])


@given(
    st.sampled_from(KNOWN),
    st.fixed_dictionaries({}, optional={"metadata": JSON, "spec": JSON, "status": JSON}),
)
def test_assess_never_raises(known: tuple[str, str], parts: dict[str, Any]) -> None:
    """Arbitrary JSON in an object of any known kind has one of the six healths, and words that are text."""
    group, kind = known
    health = assess({"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, **parts})
    assert health.status in get_args(Status)
    assert isinstance(health.message, str)


@given(st.dictionaries(st.sampled_from(["apiVersion", "kind", "metadata", "status", "spec"]), JSON))
def test_assess_never_raises_for_what_is_no_object(live: dict[str, Any]) -> None:
    """Even what has no kind, or an odd one, has a health."""
    assert isinstance(assess(live), Health)


@given(st.sampled_from(KNOWN) | st.tuples(st.text(max_size=12), st.text(max_size=12)))
def test_what_is_listed_can_be_assessed(known: tuple[str, str]) -> None:
    """A kind that is listed in full for its health can be judged; listing it would be a waste otherwise."""
    assert can_assess(*known) or not has_rule(*known)


def test_odd_values_are_found() -> None:
    """GIVEN a nest deeper than the interpreter's stack in a known kind THEN nothing raises."""
    deep: Any = {"conditions": []}
    for _ in range(100_000):
        deep = {"conditions": [deep]}
    assert isinstance(assess({"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "status": deep}), Health)
