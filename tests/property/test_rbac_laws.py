"""Laws of who may: what lines of a policy can and can not do, whatever they say and in whatever order they stand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mooring.access.policycsv import read_scope
from mooring.access.rbac import Caller, Policy, parse_policy, permits

WHO = ("alice", "team-a", "team-b", "role:x", "role:y")
RESOURCES = ("applications", "clusters", "*")
ACTIONS = ("get", "sync", "update/*", "*", "delete/*/Pod/*/*")
OBJECTS = ("shop/web", "shop/*", "*/*", "*", "bank/*")

_rules = st.tuples(*map(st.sampled_from, (WHO, RESOURCES, ACTIONS, OBJECTS, ("allow", "allow", "deny")))).map(
    lambda parts: f"p, {', '.join(parts)}"
)
_members = st.tuples(st.sampled_from(WHO), st.sampled_from(("role:x", "role:y", "role:readonly"))).map(
    lambda parts: f"g, {', '.join(parts)}"
)
lines = st.lists(_rules | _members, max_size=12)
asked = st.tuples(
    st.sampled_from(("applications", "clusters")),
    st.sampled_from(("get", "sync", "update", "update/apps/Deployment/a/b", "delete//Pod/a/b")),
    st.sampled_from(("shop/web", "shop/team/web", "bank/web", "other")),
)
callers = st.builds(
    lambda subject, groups: Caller(subject, subject, tuple(groups), "session"),
    st.sampled_from(("alice", "bob")),
    st.sets(st.sampled_from(("team-a", "team-b", "role:x", "admin"))),
)


def of(text: list[str]) -> Policy:
    return parse_policy({"policy.csv": "\n".join(text)})


@given(lines, st.randoms(), callers, asked)
def test_order_means_nothing(
    text: list[str], chance: st.DataObject, caller: Caller, what: tuple[str, str, str]
) -> None:
    """GIVEN lines in another order WHEN asked THEN the answer is the same."""
    other = list(text)
    chance.shuffle(other)  # type: ignore[attr-defined]
    assert permits(of(text), caller, *what) == permits(of(other), caller, *what)


@given(lines, st.data(), callers, asked)
def test_what_is_removed_adds_no_right(
    text: list[str], data: st.DataObject, caller: Caller, what: tuple[str, str, str]
) -> None:
    """GIVEN lines without a deny WHEN one is removed THEN nobody may what they might not before."""
    allowing = [line for line in text if not line.endswith("deny")]
    if not allowing:
        return
    gone = data.draw(st.integers(0, len(allowing) - 1))
    if permits(of(allowing[:gone] + allowing[gone + 1 :]), caller, *what):
        assert permits(of(allowing), caller, *what)


@given(lines, lines, callers, asked)
def test_denies_only_take_away(text: list[str], more: list[str], caller: Caller, what: tuple[str, str, str]) -> None:
    """GIVEN denies that are added WHEN asked THEN nobody may more than before."""
    denies = [line for line in more if line.endswith("deny")]
    if permits(of(text + denies), caller, *what):
        assert permits(of(text), caller, *what)


@given(lines, callers, asked)
def test_a_deny_of_the_caller_wins(text: list[str], caller: Caller, what: tuple[str, str, str]) -> None:
    """GIVEN a deny that fits WHEN it names the caller THEN no line gives it back."""
    assert not permits(of([*text, f"p, {caller.subject}, *, *, *, deny"]), caller, *what)


@given(lines, callers, asked)
def test_nothing_is_allowed_without_a_line_that_allows_it(
    text: list[str], caller: Caller, what: tuple[str, str, str]
) -> None:
    """GIVEN lines that only deny, or are about others WHEN asked THEN nothing is allowed."""
    others = [line for line in text if line.endswith("deny") or line.startswith("p, role:")]
    assert not permits(of(others), caller, *what)


@given(lines, callers, asked, st.sampled_from(("", "role:x", "role:readonly")), st.sampled_from(OBJECTS))
def test_a_token_is_never_more_than_its_maker(
    text: list[str], maker: Caller, what: tuple[str, str, str], role: str, target: str
) -> None:
    """GIVEN a token with a role and lines WHEN it may something THEN its maker may it too."""
    limits = read_scope([f"*, *, {target}"], "scope")
    token = Caller(maker.subject, "token", maker.groups, "token", role, limits)
    if permits(of(text), token, *what):
        assert permits(of(text), maker, *what)
