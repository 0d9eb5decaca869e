"""What a sync does, as data: every file in `sync/` is one case, and the next case is one more file.

A case gives what git holds and what is remembered, and expects the steps in their order:

    why: one sentence that says what holds, and which page says so
    manifests: what git holds now
    before: what git held when everything was applied last (absent: nothing was ever applied)
    drifted, unsure: names of remembered objects that were changed by hand, or whose last apply has no known end
    prune, allowEmpty, pruneLast, hooks: as the sync is asked for; prune and hooks are on unless a case says otherwise
    expect: steps: lines such as `Sync wave 0: apply Namespace shop (new)`
            kept, failing, deletion: objects that stay, waves of SyncFail, waves of deletion; empty unless a case says otherwise
            policies: when each hook is deleted, where the case is about that
            objects: how objects are named once prepared, where the case is about that
            repeated: what is said of objects that are there more than once; nothing unless a case says otherwise
            refused: what the refusal says, instead of all of these

The expectations come from Argo CD's documentation and from gitops-engine's ordering, and from `docs/adr/` where Mooring
decides otherwise; none was written down from what the code printed. The order that users see is checked as a whole:
phases, waves, kinds, names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.errors import MooringError
from mooring.flows.syncs.preparing import Prepared, prepare
from mooring.model.application import parse_application
from mooring.model.objects import ObjectKey, digest
from mooring.plan.hooks import Hook
from mooring.plan.inventory import Entry
from mooring.plan.steps import Plan, Wave, hook_waves, intents, plan_sync
from mooring.render.objects import accept

CASES = sorted((Path(__file__).parent / "sync").glob("*.yaml"))
FIELDS = {"why", "manifests", "before", "drifted", "unsure", "prune", "allowEmpty", "pruneLast", "hooks"}
FIELDS |= {"destination", "expect"}
EXPECTED = {"steps", "kept", "failing", "deletion", "policies", "objects", "repeated", "refused"}
CLUSTER_SCOPED = {
    "Namespace", "PersistentVolume", "StorageClass", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding",
    "IngressClass", "APIService", "PriorityClass",
}  # fmt: skip


class Served:
    """All that preparing asks of a cluster: the scope of built-in kinds. Others are not served yet."""

    def namespaced(self, group: str, kind: str, version: str) -> bool | None:
        if "." in group and not group.endswith(".k8s.io"):
            return None
        return kind not in CLUSTER_SCOPED


def prepared(manifests: list[Any], destination: str) -> Prepared:
    """Rendered documents as a sync gets them."""
    application = parse_application(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": "shop"},
            "spec": {
                "source": {"repoURL": "https://git.test/shop", "path": "shop"},
                "destination": {"name": "in-cluster", "namespace": destination},
            },
        }
    ).application
    bundle, _ = accept(((f"document {n}", each) for n, each in enumerate(manifests, 1)), namespace=destination)
    return prepare(bundle, application, Served(), digest)  # type: ignore[arg-type]


def remembered(before: Prepared, unsure: list[str]) -> dict[ObjectKey, Entry]:
    """The inventory after a sync of these objects; those that are unsure crashed in their first apply."""
    inventory = intents(plan_sync(before.objects, {}, prune=False).steps, {})
    notes = {item.key: item.notes for item in before.objects}
    return {
        key: entry
        if named(key) in unsure
        else replace(entry.applied(entry.intent, uid="u", fingerprint="f", generation="1"), notes=notes[key])
        for key, entry in inventory.items()
    }


def named(key: ObjectKey) -> str:
    return f"{key.kind} {key.name}"


def hook_name(hook: Hook) -> str:
    metadata = hook.manifest["metadata"]
    return f"{hook.manifest['kind']} {metadata.get('name') or metadata['generateName'] + '*'}"


def lines(waves: Iterator[Wave] | tuple[Wave, ...]) -> list[str]:
    """What a plan says, a line a step."""
    return [
        line
        for wave in waves
        for line in (
            *(
                f"{wave.phase}{' last,' if wave.last else ''} wave {wave.number}: {step.action.value} {named(step.key)} ({step.reason})"
                for step in wave.steps
            ),
            *(f"{wave.phase} wave {wave.number}: hook {hook_name(hook)}" for hook in wave.hooks),
        )
    ]


def outcome(case: dict[str, Any]) -> dict[str, Any]:
    """What came of a case, in the words of `expect`."""
    destination = case.get("destination", "shop")
    try:
        now = prepared(case["manifests"], destination)
        inventory = remembered(prepared(case.get("before", []), destination), case.get("unsure", []))
        drifted = [key for key in inventory if named(key) in case.get("drifted", [])]
        assert len(case.get("drifted", [])) == len(drifted), "a case may only let remembered objects drift"
        plan: Plan = plan_sync(
            now.objects,
            inventory,
            drifted=drifted,
            prune=case.get("prune", True),
            allow_empty=case.get("allowEmpty", False),
            prune_last=case.get("pruneLast", False),
            hooks=now.hooks if case.get("hooks", True) else (),
        )
    except MooringError as error:
        return {"refused": str(error)}
    deletion = (*hook_waves(now.hooks, "PreDelete"), *hook_waves(now.hooks, "PostDelete"))
    return {
        "steps": lines(plan.waves),
        "kept": [named(key) for key in plan.kept],
        "failing": lines(plan.on_failure),
        "deletion": lines(deletion),
        "policies": {hook_name(hook): sorted(hook.policies) for hook in now.hooks},
        "objects": [str(item.key) for item in now.objects],
        "repeated": now.repeated,
    }


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_sync_does_what_the_case_expects(path: Path) -> None:
    """GIVEN a case WHEN it is planned THEN steps, order and refusals are those that its file expects."""
    case = yaml.safe_load(path.read_text())
    assert set() == case.keys() - FIELDS, "a misspelt field would test nothing"
    assert re.search(r"\((Argo CD|gitops-engine|DESIGN|ADR|Kubernetes|Helm)[^)]*\)", case["why"]), "name the page"
    expected, found = case["expect"], outcome(case)
    assert set() == expected.keys() - EXPECTED
    if "refused" in expected:
        assert ["refused"] == list(found), "the case must be refused"
        assert expected["refused"] in found["refused"]
        return
    wanted = {"steps": [], "kept": [], "failing": [], "deletion": [], "repeated": "", **expected}
    assert wanted == {name: found.get(name) for name in wanted}


def test_there_are_enough_cases() -> None:
    """GIVEN the folder WHEN counted THEN it holds the sixty cases that it began with, each with a name of its own."""
    assert 60 <= len(CASES)


def test_a_case_can_fail() -> None:
    """GIVEN a case whose steps are turned round WHEN compared THEN it does not hold: order is part of what is expected."""
    case = yaml.safe_load((Path(__file__).parent / "sync" / "order-kinds.yaml").read_text())
    assert case["expect"]["steps"] != outcome(case)["steps"][::-1]
    assert case["expect"]["steps"] != outcome({**case, "before": case["manifests"]})["steps"]
