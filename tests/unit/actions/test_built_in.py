"""What the built-in actions offer and change, and what scripts of users do in their place."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.actions.custom import CustomActions, read_custom
from mooring.actions.merging import merge_patch, restored, split
from mooring.actions.offers import Asked
from mooring.actions.running import Customs, impacts_of, offered
from mooring.errors import ConfigurationError, ConflictError

AT = "2026-03-01T02:00:00Z"
NONE: Customs = {}


def _live(kind: str, group: str = "apps", **spec: Any) -> dict[str, Any]:
    version = f"{group}/v1"
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "web", "namespace": "shop", "uid": "u"},
        "spec": spec,
    }


def _asked(name: str, **parameters: str) -> Asked:
    return Asked(name, "01JABCDEFGHJKMNPQRSTVWXYZ0", AT, parameters)


def _offers(live: dict[str, Any], customs: Customs = NONE) -> dict[str, bool]:
    return {each.name: not each.disabled for each in offered(live, customs)}


def _patch(live: dict[str, Any], name: str, **parameters: str) -> dict[str, Any]:
    (impact,) = impacts_of(live, _asked(name, **parameters), NONE)
    assert "patch" == impact.verb
    return merge_patch(live, impact.resource)


@pytest.mark.parametrize(
    ("live", "offers"),
    [
        (_live("Deployment", paused=True), {"pause": False, "restart": False, "resume": True, "scale": True}),
        (_live("Deployment", replicas=2), {"pause": True, "restart": True, "resume": False, "scale": True}),
        (_live("StatefulSet"), {"restart": True, "scale": True}),
        (_live("DaemonSet"), {"restart": True}),
        (_live("CronJob", "batch", suspend=False), {"create-job": True, "resume": False, "suspend": True}),
        (_live("Job", "batch"), {"resume": False, "retry": False, "suspend": True, "terminate": True}),
        (_live("Secret", "x"), {}),
    ],
)
def test_what_is_offered_follows_from_the_object(live: dict[str, Any], offers: dict[str, bool]) -> None:
    """GIVEN a live object WHEN its actions are listed THEN those that make sense now are enabled."""
    assert offers == _offers(live)


def test_a_replica_set_of_a_deployment_is_not_scaled() -> None:
    """GIVEN a ReplicaSet WHEN a Deployment controls it THEN scaling it is not offered."""
    live = _live("ReplicaSet")
    assert {"scale": True} == _offers(live)
    live["metadata"]["ownerReferences"] = [{"kind": "Deployment", "controller": True}]
    assert {} == _offers(live)


def test_a_restart_is_what_kubectl_does() -> None:
    """GIVEN a workload WHEN it is restarted twice for one request THEN its pods' template says when, once."""
    live = _live("Deployment", replicas=2, template={"metadata": {"annotations": {"a": "b"}}})
    said = {"kubectl.kubernetes.io/restartedAt": AT}
    patch = _patch(live, "restart")
    assert {"spec": {"template": {"metadata": {"annotations": said}}}} == patch
    live["spec"]["template"]["metadata"]["annotations"] |= said
    assert {} == _patch(live, "restart")


@pytest.mark.parametrize(
    ("live", "name", "parameters", "patch"),
    [
        (_live("Deployment", replicas=2), "scale", {"replicas": "5"}, {"spec": {"replicas": 5}}),
        (_live("Deployment"), "pause", {}, {"spec": {"paused": True}}),
        (_live("Deployment", paused=True), "resume", {}, {"spec": {"paused": False}}),
        (_live("CronJob", "batch"), "suspend", {}, {"spec": {"suspend": True}}),
        (_live("Job", "batch"), "terminate", {}, {"spec": {"activeDeadlineSeconds": 1}}),
    ],
)
def test_an_action_changes_just_this(
    live: dict[str, Any], name: str, parameters: dict[str, str], patch: dict[str, Any]
) -> None:
    """GIVEN a live object WHEN an action is asked for THEN it changes one field."""
    assert patch == _patch(live, name, **parameters)


@pytest.mark.parametrize("replicas", ["-1", "many", "", "9999999999", "1.5"])
def test_a_scale_to_no_number_is_refused(replicas: str) -> None:
    """GIVEN a scale WHEN the number is none THEN the parameter is named."""
    with pytest.raises(ConfigurationError) as error:
        impacts_of(_live("Deployment"), _asked("scale", replicas=replicas), NONE)
    assert "parameters.replicas" == error.value.field


def test_what_is_not_offered_is_refused() -> None:
    """GIVEN an object WHEN an action is unknown, or makes no sense now, THEN it is refused for this reason."""
    with pytest.raises(ConfigurationError, match="there are: pause, restart, resume, scale"):
        impacts_of(_live("Deployment"), _asked("explode"), NONE)
    with pytest.raises(ConflictError, match="makes no sense"):
        impacts_of(_live("Deployment"), _asked("resume"), NONE)


def test_a_job_of_a_cron_job_has_one_name_however_often_it_is_made() -> None:
    """GIVEN a CronJob WHEN a Job is made twice for one request THEN it is the same, owned, Job with the template."""
    pod = {"template": {"spec": {"containers": [{"name": "c"}]}}}
    live = _live("CronJob", "batch", jobTemplate={"metadata": {"labels": {"a": "b"}}, "spec": pod})
    (first,), (second,) = (impacts_of(live, _asked("create-job"), NONE) for _ in range(2))
    assert first == second
    assert ("create", "web-qrstvwxyz0"[:4]) == (first.verb, first.resource["metadata"]["name"][:4])
    assert (pod, {"a": "b"}, "u") == (
        first.resource["spec"],
        first.resource["metadata"]["labels"],
        first.resource["metadata"]["ownerReferences"][0]["uid"],
    )


def _rollout(status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    steps = {"canary": {"steps": [{"setWeight": 10}, {"pause": {}}]}}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"strategy": steps, **spec},
        "status": status,
    }


@pytest.mark.parametrize(
    ("status", "name", "patch"),
    [
        ({"currentPodHash": "b", "stableRS": "a"}, "abort", {"status": {"abort": True}}),
        ({"currentPodHash": "b", "stableRS": "a", "abort": True}, "retry", {"status": {"abort": False}}),
        ({"currentPodHash": "b", "stableRS": "a"}, "promote-full", {"status": {"promoteFull": True}}),
        ({"pauseConditions": [{"reason": "x"}]}, "resume", {"status": {"pauseConditions": None}}),
        (
            {"pauseConditions": [{}], "currentStepIndex": 0},
            "skip-current-step",
            {"status": {"pauseConditions": None, "currentStepIndex": 1}},
        ),
        ({}, "pause", {"spec": {"paused": True}}),
        ({}, "restart", {"spec": {"restartAt": AT}}),
    ],
)
def test_rollouts_are_steered_by_their_status(status: dict[str, Any], name: str, patch: dict[str, Any]) -> None:
    """GIVEN a Rollout WHEN it is steered THEN just the fields change that its controller looks at."""
    assert patch == _patch(_rollout(status), name)


def test_a_promoted_rollout_has_nothing_to_promote() -> None:
    """GIVEN a Rollout whose pods are the stable ones WHEN its actions are listed THEN abort and promote are disabled."""
    offers = _offers(_rollout({"currentPodHash": "a", "stableRS": "a", "currentStepIndex": 2}))
    assert {"restart", "pause"} == {name for name, enabled in offers.items() if enabled}


OLD = CustomActions(
    'actions = {}\nactions["suspend"] = {["disabled"] = obj.spec.suspend}\nreturn actions',
    {"suspend": "obj.spec.suspend = true\nreturn obj"},
)
NEW = CustomActions(
    'return {make = {displayName = "Make one", params = {{name = "n", default = "1"}}}}',
    {
        "make": """
        local cm = {apiVersion = "v1", kind = "ConfigMap", metadata = {name = "made-" .. actionParams["n"]}, data = {}}
        obj.metadata.labels = {a = "b"}
        return {{operation = "create", resource = cm}, {operation = "patch", resource = obj}}
        """
    },
    merged=True,
)


def test_an_action_in_lua_of_the_old_form() -> None:
    """GIVEN settings with an action WHEN it is asked for THEN what the script returns is the object as it is to be, with
    empty lists and numbers as they were, and the built-in actions are gone.
    """
    live = _live("CronJob", "batch", suspend=False, list=[], map={}, number=3, big=2**60, none=None)
    customs: Customs = {("batch", "CronJob"): OLD}
    assert {"suspend": True} == _offers(live, customs)
    (impact,) = impacts_of(live, _asked("suspend"), customs)
    assert {"spec": {"suspend": True}} == merge_patch(live, impact.resource)


def test_an_action_in_lua_of_the_new_form() -> None:
    """GIVEN an action that returns impacted resources WHEN it is asked for THEN each is created or patched, beside the
    built-in actions where these are merged.
    """
    live, customs = _live("Deployment"), {("apps", "Deployment"): NEW}
    (offer,) = [each for each in offered(live, customs) if each.name == "make"]
    assert ("Make one", [{"name": "n", "default": "1"}]) == (offer.to_json()["displayName"], offer.to_json()["params"])
    assert "restart" in _offers(live, customs)
    create, patch = impacts_of(live, _asked("make", n="7"), customs)
    assert ("create", "made-7", "shop", {}) == (
        create.verb,
        create.resource["metadata"]["name"],
        create.resource["metadata"]["namespace"],
        create.resource["data"],
    )
    assert {"metadata": {"labels": {"a": "b"}}} == merge_patch(live, patch.resource)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("return 3", "must return the object"),
        ("return {}", "must return the object"),
        ('obj.metadata.name = "other"\nreturn obj', "only the object itself"),
        ("error('no more')", "no more"),
        ("while true do end", "CPU time"),
        ("local t = {}\nt.t = t\nreturn t", "nested too deeply"),
        ("return {f = print}", "holds a function"),
        ('return {{operation = "delete", resource = obj}}', '"create" or "patch"'),
        ('return {{operation = "create", resource = {kind = "X"}}}', "must have apiVersion"),
        ('return {s = string.rep("x", 30) , [1] = 2}', "no text"),
        ("return {n = 0/0}", "number that is none"),
        ('return os.execute("ls")', "execute"),
        ("this is no lua", "action.lua"),
    ],
)
def test_a_script_that_misbehaves_is_told(script: str, told: str) -> None:
    """GIVEN a script that fails, hangs or returns nonsense WHEN it is run THEN nothing changes and the reason is told."""
    customs: Customs = {("apps", "Deployment"): CustomActions("return {go = {}}", {"go": script})}
    with pytest.raises(ConfigurationError, match=told):
        impacts_of(_live("Deployment"), _asked("go"), customs)


def test_texts_leave_lua_as_they_are() -> None:
    """GIVEN texts with quotes, line ends and letters of all alphabets WHEN a script returns them THEN none is changed."""
    words = 'a "quoted" \\ line\nend\ttab \x01 é 猫 \U0001f41f'
    live = _live("Deployment", words=words, numbers=[1, 2.5, -3, 1e21])
    customs: Customs = {("apps", "Deployment"): CustomActions("return {go = {}}", {"go": "obj.spec.x = 1 return obj"})}
    (impact,) = impacts_of(live, _asked("go"), customs)
    assert {**live["spec"], "x": 1} == impact.resource["spec"]


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ([], "w"),
        ({"discovery.lua": 1}, "w.discovery.lua"),
        ({"definitions": {}}, "w.definitions"),
        ({"definitions": [{"action.lua": "x"}]}, "w.definitions[0].name"),
        ({"definitions": [{"name": "x"}]}, "w.definitions[0].action.lua"),
        ({"mergeBuiltinActions": "yes"}, "w.mergeBuiltinActions"),
    ],
)
def test_settings_of_actions_are_read_strictly(document: object, field: str) -> None:
    """GIVEN a mistake in the settings WHEN they are read THEN the field is named."""
    with pytest.raises(ConfigurationError) as error:
        read_custom("w", document)
    assert field == error.value.field


def test_a_patch_keeps_to_what_may_be_changed() -> None:
    """GIVEN a patch WHEN it is split THEN who the object is stays out of it, and the status is by itself."""
    patch = {"kind": "X", "metadata": {"name": "y", "uid": "z", "labels": {"a": None}}, "spec": {}, "status": {"p": 1}}
    assert ({"metadata": {"labels": {"a": None}}, "spec": {}}, {"status": {"p": 1}}) == split(patch)
    assert ({}, {}) == split({"metadata": {"resourceVersion": "7"}})


def test_what_a_script_leaves_alone_is_restored() -> None:
    """GIVEN an object that went through Lua WHEN it is restored THEN empty lists and whole numbers are what they were."""
    before = {"a": [], "b": {}, "c": 1, "d": [{"e": []}], "f": None, "g": True}
    after = {"a": {}, "b": {}, "c": 1.0, "d": [{"e": {}}], "g": True}
    assert before == restored(after, before)
