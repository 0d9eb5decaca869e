"""What people ask of promotions: declare one, delete it, look at it, have it looked at now, suspend it.

As with applications, asking changes what is remembered and sends a message; git is written where the rights for it are.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mooring.access.rules import namespace_allowed, source_allowed
from mooring.errors import ConfigurationError
from mooring.events.messages import Cause, PromotionMessage
from mooring.flows.asked.declaring import AskPorts
from mooring.flows.rules.permitting import refuse
from mooring.model.application import AppKey
from mooring.model.moments import told_time
from mooring.model.promotionkey import PromotionKey
from mooring.state.promotions import Happening, Landing, PromotionRecord, PromotionSpec

if TYPE_CHECKING:
    from mooring.access.promotion import ParsedPromotion

__all__ = [
    "UnknownPromotionError",
    "declare_promotion",
    "delete_promotion",
    "get_promotion",
    "list_promotions",
    "promotion_conditions",
    "run_promotion",
    "suspend_promotion",
]

_LARGEST = 100 * 1024  # characters of a promotion
_HISTORY = 30


class UnknownPromotionError(ConfigurationError):
    """No promotion of this name is declared."""


def declare_promotion(ports: AskPorts, document: object, by: str) -> ParsedPromotion:
    """Creates or changes a promotion; declaring the same again has it looked at now.

    Raises `ConfigurationError` naming the field that is wrong, and `ForbiddenError` where its project does not permit
    its namespace or the repository that it writes to.
    """
    from mooring.access.promotion import parse_promotion  # few bundles that are synced hold one

    if len(str(document)) > _LARGEST:
        raise ConfigurationError(f"is larger than the {_LARGEST >> 10} KiB that are kept", field="spec")
    parsed = parse_promotion(document)
    promotion, registry = parsed.promotion, ports.registry
    project = registry.projects.find(promotion.project, registry.known().projects)
    refuse(namespace_allowed(project, promotion.key.namespace))
    if promotion.manifest is not None:
        refuse(source_allowed(project, promotion.manifest.repo_url))
    previous = registry.promotions.load([promotion.key])[promotion.key].spec
    if previous is None or previous.promotion.declared != promotion.declared:
        generation = 1 if previous is None else previous.generation + 1
        registry.promotions.declare(PromotionSpec(promotion, generation, parsed.warnings, by), previous)
    _tell(ports, promotion.key, Cause("spec", by=by))
    return parsed


def delete_promotion(ports: AskPorts, key: PromotionKey) -> None:
    """Removes a promotion at once; a pull request that it opened stays open. Raises `UnknownPromotionError`."""
    _known(ports, key)
    ports.registry.promotions.remove(key)


def run_promotion(ports: AskPorts, key: PromotionKey, by: str) -> None:
    """Has a promotion looked at now, and what was turned down before proposed again; its conditions still hold."""
    _known(ports, key)
    _tell(ports, key, Cause("person", by=by))


def suspend_promotion(ports: AskPorts, key: PromotionKey, by: str, *, suspend: bool) -> None:
    """Sets `spec.suspend`, until somebody declares the promotion anew. Raises `UnknownPromotionError`."""
    record = _known(ports, key)
    assert record.spec is not None
    declared = record.spec.promotion.declared
    declare_promotion(ports, {**declared, "spec": {**declared["spec"], "suspend": suspend}}, by)


def list_promotions(ports: AskPorts) -> list[dict[str, Any]]:
    """All promotions by name, with their status."""
    promotions = ports.registry.promotions
    return [_shown(each) for each in promotions.load(each.key for each in promotions.listed()).values() if each.spec]


def get_promotion(ports: AskPorts, key: PromotionKey) -> dict[str, Any]:
    """One promotion, with what came of it before, newest first. Raises `UnknownPromotionError`."""
    shown = _shown(_known(ports, key))
    history = ports.registry.promotions.history(key, _HISTORY)
    return {**shown, "status": {**shown["status"], "history": [_happening(each) for each in history]}}


def promotion_conditions(ports: AskPorts, app: AppKey) -> list[dict[str, str]]:
    """A condition for each promotion that an application is a target of, as `app get` shows them."""
    promotions = ports.registry.promotions
    keys = [each.key for each in promotions.listed() if app in each.apps[1:]]
    return [
        {
            "type": "Promotion",
            "message": f"{record.key}: {record.status.phase or 'not looked at yet'}"
            + (f": {record.status.message}" if record.status.message else ""),
            "lastTransitionTime": told_time(record.status.since),
        }
        for record in promotions.load(keys).values()
        if record.spec is not None
    ]


def _known(ports: AskPorts, key: PromotionKey) -> PromotionRecord:
    record = ports.registry.promotions.load([key])[key]
    if record.spec is None:
        raise UnknownPromotionError("no promotion of this name is declared", subject=str(key))
    return record


def _tell(ports: AskPorts, key: PromotionKey, cause: Cause) -> None:
    ports.queues.send("renders", [PromotionMessage(str(key), cause)])


def _shown(record: PromotionRecord) -> dict[str, Any]:
    spec, status = record.spec, record.status
    assert spec is not None
    declared = spec.promotion.declared
    metadata = {**declared["metadata"], "namespace": record.key.namespace, "generation": spec.generation}
    shown: dict[str, Any] = {"phase": status.phase or "Waiting", "message": status.message or "not looked at yet"}
    if status.since:
        shown["since"] = told_time(status.since)
    if status.identity:
        origin = {name: value for name, value in (status.origin or {}).items() if name != "to"}
        shown["carried"] = {"changes": list(status.carried), "from": origin}
    if status.url:
        shown["pullRequest"] = status.url
    if status.landing is not None:
        shown["verification"] = _landing(status.landing)
    if spec.warnings:
        shown["warnings"] = list(spec.warnings)
    return {**declared, "metadata": metadata, "status": shown}


def _landing(landing: Landing) -> dict[str, Any]:
    return {
        "outcome": landing.outcome or "pending",
        "message": landing.message,
        "changes": list(landing.carried),
        "commit": landing.commit,
        "at": told_time(landing.at),
    } | ({"pullRequest": landing.url} if landing.url else {})


def _happening(happening: Happening) -> dict[str, Any]:
    shown = {name: value for name, value in asdict(happening).items() if value}
    return {**shown, "at": told_time(happening.at)}
