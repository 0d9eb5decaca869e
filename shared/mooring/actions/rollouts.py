"""Built-in actions of Argo Rollouts: restart, retry, abort, promote, pause, resume, skip a step.

What each sets is what Argo CD's `resource_customizations/argoproj.io/Rollout/actions` and the plugin `kubectl argo
rollouts` set: fields of the status are written through the subresource where the kind has one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mooring.actions.offers import Action, Asked, Offer
from mooring.actions.workloads import changed
from mooring.model.objects import Manifest

__all__ = ["ROLLOUTS"]


def _status(live: Manifest) -> dict[str, Any]:
    return live.get("status") or {}


def _promoted(live: Manifest) -> bool:
    status = _status(live)
    return bool(status.get("stableRS")) and status.get("currentPodHash") == status.get("stableRS")


def _aborted(live: Manifest) -> bool:
    return bool(_status(live).get("abort"))


def _held(live: Manifest) -> bool:
    return bool(_status(live).get("pauseConditions")) or bool(live["spec"].get("paused"))


def _steps(live: Manifest) -> int:
    return len(((live["spec"].get("strategy") or {}).get("canary") or {}).get("steps") or ())


def _at(live: Manifest) -> int:
    return int(_status(live).get("currentStepIndex") or 0)


def _restart(live: Manifest, asked: Asked) -> None:
    live["spec"]["restartAt"] = asked.at


def _pause(live: Manifest, _: Asked) -> None:
    live["spec"]["paused"] = True


def _resume(live: Manifest, _: Asked) -> None:
    if live["spec"].get("paused"):
        live["spec"]["paused"] = False
    if _status(live).get("pauseConditions"):
        live["status"].pop("pauseConditions")


def _abort(live: Manifest, _: Asked) -> None:
    live.setdefault("status", {})["abort"] = True


def _retry(live: Manifest, _: Asked) -> None:
    live.setdefault("status", {})["abort"] = False


def _promote(live: Manifest, _: Asked) -> None:
    live.setdefault("status", {})["promoteFull"] = True


def _skip(live: Manifest, _: Asked) -> None:
    if live["spec"].get("paused"):
        live["spec"]["paused"] = False
    status = live.setdefault("status", {})
    status.pop("pauseConditions", None)
    status["currentStepIndex"] = min(_at(live) + 1, _steps(live))


def _action(
    name: str, icon: str, change: Callable[[Manifest, Asked], None], disabled: Callable[[Manifest], bool]
) -> Action:
    return Action(lambda live: Offer(name, disabled(live), icon=f"fa fa-fw {icon}"), changed(change))


ROLLOUTS: Final[dict[tuple[str, str], tuple[Action, ...]]] = {
    ("argoproj.io", "Rollout"): (
        _action("restart", "fa-redo", _restart, lambda _: False),
        _action("pause", "fa-pause", _pause, lambda live: bool(live["spec"].get("paused"))),
        _action("resume", "fa-play", _resume, lambda live: not _held(live)),
        _action("abort", "fa-stop", _abort, lambda live: _promoted(live) or _aborted(live)),
        _action("retry", "fa-redo", _retry, lambda live: _promoted(live) or not _aborted(live)),
        _action("promote-full", "fa-fast-forward", _promote, _promoted),
        _action(
            "skip-current-step", "fa-step-forward", _skip, lambda live: not _steps(live) or _at(live) >= _steps(live)
        ),
    )
}
