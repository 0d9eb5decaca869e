"""The laws of planning, for any objects and any past."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mooring.model.objects import Manifest, ObjectKey, canonical_json, digest
from mooring.plan.inventory import Entry, from_rows, to_rows
from mooring.plan.order import sort_key, waves
from mooring.plan.steps import Action, Plan, Wanted, intents, plan_sync

NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
KINDS = st.sampled_from(
    [("", "Namespace"), ("", "ConfigMap"), ("", "Secret"), ("apps", "Deployment"), ("example.com", "Thing")]
)
WAVES = st.integers(-3, 3)
VALUES = st.integers(0, 2)


def _manifest(group: str, kind: str, name: str, wave: int, value: int) -> Manifest:
    return {
        "apiVersion": f"{group}/v1" if group else "v1",
        "kind": kind,
        "metadata": {
            "name": name,
            **({} if kind == "Namespace" else {"namespace": "a"}),
            "annotations": {"argocd.argoproj.io/sync-wave": str(wave)},
        },
        "spec": {"value": value},
    }


@st.composite
def wanted_objects(draw: st.DrawFn) -> list[Wanted]:
    manifests: dict[ObjectKey, Manifest] = {}
    for kind, name, wave, value in draw(st.lists(st.tuples(KINDS, NAMES, WAVES, VALUES), max_size=8)):
        manifest = _manifest(*kind, name, wave, value)
        manifests[ObjectKey.of(manifest)] = manifest
    wave_of = waves(manifests.items())
    return [Wanted(key, manifest, digest(manifest), wave_of[key]) for key, manifest in manifests.items()]


def _carried_out(plan: Plan, remembered: dict[ObjectKey, Entry]) -> dict[ObjectKey, Entry]:
    inventory = intents(plan.steps, remembered)
    for step in plan.steps:
        if step.action is Action.PRUNE:
            del inventory[step.key]
        else:
            assert step.wanted is not None
            inventory[step.key] = inventory[step.key].applied(
                step.wanted.digest, uid="u", fingerprint="f", generation="1"
            )
    return inventory


@given(wanted_objects(), wanted_objects(), st.booleans())
def test_planning_after_applying_plans_nothing(before: list[Wanted], after: list[Wanted], prune: bool) -> None:
    """GIVEN any past WHEN a plan was carried out THEN planning the same again has no steps and keeps the same objects."""
    past = _carried_out(plan_sync(before, {}, prune=True), {})
    plan = plan_sync(after, past, prune=prune, allow_empty=True)
    now = _carried_out(plan, past)
    again = plan_sync(after, now, prune=prune, allow_empty=True)
    assert () == again.steps
    assert plan.kept == again.kept


@given(wanted_objects(), st.data())
def test_planning_after_a_crash_touches_only_what_is_unsure(objects: list[Wanted], data: st.DataObject) -> None:
    """GIVEN a plan that was carried out in part WHEN it is planned again THEN finished objects are left alone."""
    plan = plan_sync(objects, {}, prune=True)
    done = set(
        data.draw(st.lists(st.sampled_from([step.key for step in plan.steps]), unique=True)) if plan.steps else []
    )
    inventory = intents(plan.steps, {})
    for step in plan.steps:
        if step.key in done and step.wanted is not None:
            inventory[step.key] = inventory[step.key].applied(
                step.wanted.digest, uid="u", fingerprint="f", generation="1"
            )
    again = plan_sync(objects, inventory, prune=True)
    assert {step.key for step in plan.steps} - done == {step.key for step in again.steps}
    assert {Action.SETTLE} >= {step.action for step in again.steps}


@given(wanted_objects(), st.randoms())
def test_order_is_total_and_stable(objects: list[Wanted], random: object) -> None:
    """GIVEN any objects WHEN they come in another order THEN the plan is the same, by wave, kind and name."""
    shuffled = objects.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = plan_sync(objects, {}, prune=True), plan_sync(shuffled, {}, prune=True)
    assert first == second
    keys = [sort_key(step.wanted.wave, step.key) for step in first.steps if step.wanted]
    assert sorted(keys) == keys
    assert len(set(keys)) == len(keys)


@given(wanted_objects())
def test_namespaces_come_before_their_first_object(objects: list[Wanted]) -> None:
    """GIVEN a namespace among the objects WHEN they are planned THEN it comes before everything in it."""
    order = [step.key for step in plan_sync(objects, {}, prune=True).steps]
    for namespace in [key for key in order if key.kind == "Namespace"]:
        inside = [key for key in order if key.namespace == namespace.name]
        assert all(order.index(namespace) < order.index(key) for key in inside)


@given(wanted_objects())
def test_prunes_go_backwards(objects: list[Wanted]) -> None:
    """GIVEN applied objects WHEN all of them go THEN they go in the reverse order of their coming."""
    applied = plan_sync(objects, {}, prune=True)
    pruned = plan_sync([], _carried_out(applied, {}), prune=True, allow_empty=True)
    assert [step.key for step in applied.steps] == [step.key for step in pruned.steps][::-1]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_canonical_json_is_stable(value: dict[str, object]) -> None:
    """GIVEN equal values with other key orders WHEN written THEN the text is the same, and reading it gives it back."""
    import orjson

    reordered = dict(reversed(value.items()))
    assert canonical_json(value) == canonical_json(reordered)
    assert canonical_json(orjson.loads(canonical_json(value))) == canonical_json(value)


@given(wanted_objects())
def test_inventory_survives_being_written(objects: list[Wanted]) -> None:
    """GIVEN any inventory WHEN it is written and read THEN it is the same."""
    inventory = _carried_out(plan_sync(objects, {}, prune=True), {})
    assert inventory == from_rows(to_rows(inventory))
