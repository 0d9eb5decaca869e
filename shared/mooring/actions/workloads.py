"""Built-in actions of workloads: restart, pause, resume, scale; CronJobs and Jobs: run, suspend, resume, end, retry.

Names and effects are those of Argo CD's `resource_customizations` (`apps/*/actions`, `batch/*/actions`); a retry of a
Job is ours. What is changed is what `kubectl rollout restart`, `scale`, `rollout pause` and `create job --from` change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mooring.actions.offers import Action, Asked, Impact, Offer, Parameter
from mooring.errors import ConfigurationError
from mooring.model.objects import Manifest

__all__ = ["BATCH", "WORKLOADS", "changed"]

_RESTARTED: Final = "kubectl.kubernetes.io/restartedAt"
_MOST_REPLICAS: Final = 2**31 - 1
_LONGEST_NAME: Final = 52  # of a Job's name that its pods' names can carry


def changed(change: Callable[[Manifest, Asked], None]) -> Callable[[Manifest, Asked], Impact]:
    """An action that changes a copy of the object in place."""

    def act(live: Manifest, asked: Asked) -> Impact:
        after = _copy(live)
        change(after, asked)
        return Impact("patch", after)

    return act


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(member) for name, member in value.items()}
    return [_copy(member) for member in value] if isinstance(value, list) else value


def _restart(live: Manifest, asked: Asked) -> None:
    metadata = live["spec"].setdefault("template", {}).setdefault("metadata", {})
    metadata["annotations"] = {**(metadata.get("annotations") or {}), _RESTARTED: asked.at}


def _scale(live: Manifest, asked: Asked) -> None:
    text = asked.parameters.get("replicas", "")
    if not text.isascii() or not text.isdigit() or int(text) > _MOST_REPLICAS:
        raise ConfigurationError(f"must be a whole number from 0, not {text!r}", field="parameters.replicas")
    live["spec"]["replicas"] = int(text)


def _set(name: str, value: object) -> Callable[[Manifest, Asked], None]:
    def change(live: Manifest, asked: Asked) -> None:
        del asked
        live["spec"][name] = value

    return change


def _offer(name: str, icon: str, *, disabled: Callable[[Manifest], bool] | None = None) -> Callable[[Manifest], Offer]:
    def offer(live: Manifest) -> Offer:
        return Offer(name, disabled(live) if disabled else False, icon=f"fa fa-fw {icon}")

    return offer


def _scaled(live: Manifest) -> Offer:
    replicas = live.get("spec", {}).get("replicas")
    told = "" if replicas is None else str(replicas)
    return Offer("scale", icon="fa fa-fw fa-plus-circle", parameters=(Parameter("replicas", told),))


def _of_nobody(live: Manifest) -> Offer | None:
    """A ReplicaSet of a Deployment is scaled by that, and nothing else lasts."""
    owners = live["metadata"].get("ownerReferences") or ()
    return None if any(each.get("controller") for each in owners) else _scaled(live)


def _is(name: str) -> Callable[[Manifest], bool]:
    return lambda live: bool(live.get("spec", {}).get(name))


def _is_not(name: str) -> Callable[[Manifest], bool]:
    return lambda live: not live.get("spec", {}).get(name)


def _ended(live: Manifest) -> bool:
    conditions = (live.get("status") or {}).get("conditions") or ()
    return any(each.get("type") in ("Complete", "Failed") and each.get("status") == "True" for each in conditions)


def _job(live: Manifest, asked: Asked) -> Impact:
    """A Job of a CronJob's template, as its controller would make it; its name follows from what was asked."""
    metadata, template = live["metadata"], live["spec"]["jobTemplate"]
    given = template.get("metadata") or {}
    owner = {"apiVersion": live["apiVersion"], "kind": live["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    suffix = asked.id[-10:].lower()
    made = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"{metadata['name'][: _LONGEST_NAME - 11]}-{suffix}",
            "namespace": metadata.get("namespace", ""),
            "labels": _copy(given.get("labels") or {}),
            "annotations": {**(given.get("annotations") or {}), "cronjob.kubernetes.io/instantiate": "manual"},
            "ownerReferences": [{**owner, "controller": True}],
        },
        "spec": _copy(template["spec"]),
    }
    return Impact("create", made)


def _end(live: Manifest, asked: Asked) -> None:
    del asked
    live["spec"]["activeDeadlineSeconds"] = 1  # the controller ends its pods and the Job fails


_RESTART = Action(_offer("restart", "fa-redo", disabled=_is("paused")), changed(_restart))
_SCALE = Action(_scaled, changed(_scale))

WORKLOADS: Final[dict[tuple[str, str], tuple[Action, ...]]] = {
    ("apps", "Deployment"): (
        _RESTART,
        Action(_offer("pause", "fa-pause", disabled=_is("paused")), changed(_set("paused", value=True))),
        Action(_offer("resume", "fa-play", disabled=_is_not("paused")), changed(_set("paused", value=False))),
        _SCALE,
    ),
    ("apps", "StatefulSet"): (_RESTART, _SCALE),
    ("apps", "DaemonSet"): (_RESTART,),
    ("apps", "ReplicaSet"): (Action(_of_nobody, changed(_scale)),),
}

_SUSPEND = changed(_set("suspend", value=True))
_GO_ON = changed(_set("suspend", value=False))

BATCH: Final[dict[tuple[str, str], tuple[Action, ...]]] = {
    ("batch", "CronJob"): (
        Action(_offer("create-job", "fa-plus"), _job),
        Action(_offer("suspend", "fa-pause", disabled=_is("suspend")), _SUSPEND),
        Action(_offer("resume", "fa-play", disabled=_is_not("suspend")), _GO_ON),
    ),
    ("batch", "Job"): (
        Action(_offer("suspend", "fa-pause", disabled=lambda job: _ended(job) or _is("suspend")(job)), _SUSPEND),
        Action(_offer("resume", "fa-play", disabled=lambda job: _ended(job) or _is_not("suspend")(job)), _GO_ON),
        Action(_offer("terminate", "fa-stop", disabled=_ended), changed(_end)),
        Action(
            _offer("retry", "fa-redo", disabled=lambda job: not _ended(job)),
            lambda live, _: Impact("remake", live),
        ),
    ),
}
