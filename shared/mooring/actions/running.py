"""Which actions an object has now, and what one of them changes: the built-in ones and users' own side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.actions.custom import CustomActions
from mooring.actions.lua import run_action
from mooring.actions.merging import restored
from mooring.actions.offers import Action, Asked, Impact, Offer, Parameter
from mooring.actions.rollouts import ROLLOUTS
from mooring.actions.workloads import BATCH, WORKLOADS
from mooring.errors import ConfigurationError, ConflictError
from mooring.model.objects import Manifest, ObjectKey

__all__ = ["Customs", "impacts_of", "offered"]

Customs = Mapping[tuple[str, str], CustomActions]
"""Users' own actions by group and kind."""

_BUILT_IN = {**WORKLOADS, **BATCH, **ROLLOUTS}
_MOST = 50  # impacts of one action


def offered(live: Manifest, customs: Customs) -> list[Offer]:
    """The actions of a live object, by name. Raises `ConfigurationError` where a script of users fails."""
    if _kind(live) == ("", "Secret"):
        return []  # whatever a script said of it could be one of its values
    custom = customs.get(_kind(live))
    offers: dict[str, Offer] = {}
    if custom is None or custom.merged:
        offers = {offer.name: offer for each in _BUILT_IN.get(_kind(live), ()) if (offer := each.offer(live))}
    if custom is not None and custom.discovery:
        offers |= {each.name: each for each in _discovered(custom, live)}
    return [offers[name] for name in sorted(offers)]


def impacts_of(live: Manifest, asked: Asked, customs: Customs) -> list[Impact]:
    """What an action changes. Raises `ConfigurationError` where there is none of this name or its script fails, and
    `ConflictError` where it makes no sense as the object is now.
    """
    offers = {each.name: each for each in offered(live, customs)}
    offer, custom = offers.get(asked.name), customs.get(_kind(live))
    if offer is None:
        told = ", ".join(offers) or "none"
        raise ConfigurationError(f"there is no action {asked.name!r} here; there are: {told}", field="action")
    if offer.disabled:
        raise ConflictError(f"the action {asked.name!r} makes no sense as the object is now", subject=live["kind"])
    if custom is not None and asked.name in custom.scripts:
        return _scripted(run_action(custom.scripts[asked.name], live, asked.parameters), live)
    found = next((each for each in _built_in(live) if _name(each, live) == asked.name), None)
    if found is None:
        raise ConfigurationError(f"the action {asked.name!r} is offered and has no definition", field="action")
    return [found.change(live, asked)]


def _built_in(live: Manifest) -> tuple[Action, ...]:
    return _BUILT_IN.get(_kind(live), ())


def _name(action: Action, live: Manifest) -> str:
    offer = action.offer(live)
    return offer.name if offer is not None else ""


def _kind(live: Manifest) -> tuple[str, str]:
    return live["apiVersion"].rpartition("/")[0], live["kind"]


def _discovered(custom: CustomActions, live: Manifest) -> list[Offer]:
    found = run_action(custom.discovery, live, {})
    if not isinstance(found, dict):
        raise ConfigurationError("discovery.lua must return a table of actions by name")
    return [_offer(name, each if isinstance(each, dict) else {}) for name, each in found.items()]


def _offer(name: str, told: Mapping[str, Any]) -> Offer:
    listed = told.get("params")
    parameters = tuple(
        Parameter(str(each.get("name", "")), _said(each.get("default", each.get("value", ""))))
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, dict)
    )
    return Offer(
        name, told.get("disabled") is True, str(told.get("displayName", "")), str(told.get("iconClass", "")), parameters
    )


def _said(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _scripted(returned: Any, live: Manifest) -> list[Impact]:
    """The old form is the object, the new one a list of impacts (Argo CD, "Resource Actions")."""
    if isinstance(returned, dict) and returned:
        return [Impact("patch", _same(restored(returned, live), live))]
    if not isinstance(returned, list) or len(returned) > _MOST:
        raise ConfigurationError(f"action.lua must return the object, or a list of at most {_MOST} impacted resources")
    return [_impact(each, live) for each in returned]


def _impact(told: Any, live: Manifest) -> Impact:
    verb = told.get("operation") if isinstance(told, dict) else None
    resource = told.get("resource") if isinstance(told, dict) else None
    if verb not in ("create", "patch") or not isinstance(resource, dict):
        raise ConfigurationError('an impacted resource must have an operation "create" or "patch" and a resource')
    if verb == "patch":
        return Impact("patch", _same(restored(resource, live), live))
    metadata = resource.get("metadata")
    if not (
        isinstance(metadata, dict) and metadata.get("name") and resource.get("apiVersion") and resource.get("kind")
    ):
        raise ConfigurationError("a resource to create must have apiVersion, kind and metadata.name")
    metadata.setdefault("namespace", live["metadata"].get("namespace", ""))
    return Impact("create", resource)


def _same(after: Manifest, live: Manifest) -> Manifest:
    if not isinstance(after.get("metadata"), dict) or "apiVersion" not in after or "kind" not in after:
        raise ConfigurationError("a resource to patch must be the object that the action was given")
    if ObjectKey.of(after) != ObjectKey.of(live):
        raise ConfigurationError("only the object itself can be patched, by its own name and namespace")
    return after
