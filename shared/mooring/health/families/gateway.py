"""Gateway API: is it accepted, do its references resolve, is it programmed?

After the Gateway API's GEP-1364 ("Status and Conditions"). Routes are judged by each parent, policies by each ancestor:
every controller writes an entry of its own, and the worst counts. An entry by a controller that found no target of its
own (`TargetNotFound`) is none of this object's.
"""

from __future__ import annotations

from typing import Any

from mooring.health.conditions import UNSEEN, When, by_conditions, first_line
from mooring.health.reading import entries, number, section, text
from mooring.health.status import Health, Rule
from mooring.model.objects import Manifest

__all__ = ["KINDS"]

_GROUP = "gateway.networking.k8s.io"
_LINES: tuple[When, ...] = (
    When("Accepted", "False", "Progressing", reasons=("Pending",)),
    When("Accepted", "False", "Degraded"),
    When("ResolvedRefs", "False", "Degraded"),
    When("Conflicted", "True", "Degraded"),
    When("Programmed", "False", "Progressing", words="Waiting to be programmed"),
    When("Programmed", "Unknown", "Progressing", words="Waiting to be programmed"),
    When("Accepted", "Unknown", "Progressing", words="Waiting to be accepted"),
    When("Accepted", "True", "Healthy"),
)


def _gateway(live: Manifest) -> Health:
    found = _judged(live, section(live, "status"), "")
    if found.status != "Healthy":
        return found
    listeners = entries(section(live, "status"), "listeners")
    return _worst([_judged(live, entry, f"listener {text(entry, 'name')}: ") for entry in listeners], found)


def _by(name: str, reference: str) -> Rule:
    def rule(live: Manifest) -> Health:
        found = [
            _judged(live, entry, f"{text(section(entry, reference), 'name')}: ")
            for entry in entries(section(live, "status"), name)
            if not _of_others(entry)
        ]
        return _worst(found, None) if found else Health("Progressing", "Waiting for a gateway's controller")

    return rule


def _judged(live: Manifest, holder: dict[str, Any], who: str) -> Health:
    generation = number(section(live, "metadata"), "generation")
    conditions = entries(holder, "conditions")
    current = [entry for entry in conditions if number(entry, "observedGeneration", generation) >= generation]
    if conditions and not current:
        return Health("Progressing", f"{who}{UNSEEN}")
    found = first_line(_LINES, current)
    if found is None:
        return Health("Progressing", f"{who}Waiting for its controller")
    return Health("Healthy") if found.status == "Healthy" else Health(found.status, f"{who}{found.message}")


def _of_others(entry: dict[str, Any]) -> bool:
    return any(
        condition.get("type") == "Accepted"
        and condition.get("status") != "True"
        and condition.get("reason") == "TargetNotFound"
        for condition in entries(entry, "conditions")
    )


def _worst(found: list[Health], otherwise: Health | None) -> Health:
    for status in ("Degraded", "Progressing"):
        for health in found:
            if health.status == status:
                return health
    return otherwise or Health("Healthy")


KINDS: dict[tuple[str, str], Rule] = {
    (_GROUP, "Gateway"): _gateway,
    (_GROUP, "GatewayClass"): by_conditions(
        When("Accepted", "False", "Degraded"),
        When("Accepted", "True", "Healthy"),
        waiting="Waiting for its controller to accept it",
    ),
    (_GROUP, "ListenerSet"): _gateway,
    **{
        (_GROUP, kind): _by("parents", "parentRef")
        for kind in ("GRPCRoute", "HTTPRoute", "TCPRoute", "TLSRoute", "UDPRoute")
    },
    **{(_GROUP, kind): _by("ancestors", "ancestorRef") for kind in ("BackendLBPolicy", "BackendTLSPolicy")},
}
