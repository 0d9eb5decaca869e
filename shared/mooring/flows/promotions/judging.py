"""Whether a source may be promoted now, and whether what was promoted works in its targets.

Both follow from what is remembered of the applications; no cluster is asked. A time that has to pass (healthy for so
long, until a window opens) is told as the moment when another look is due, and always the same moment for the same
state: so what waits writes nothing while it waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mooring.access.promotion import Promotion
from mooring.access.windows import may_sync
from mooring.flows.promotions.ports import BlockedError, PromotionPorts
from mooring.forge.ports import CheckHost
from mooring.forge.rest import understood
from mooring.model.application import AppKey
from mooring.model.moments import told_time
from mooring.source.urls import normalise
from mooring.state.promotions import Landing
from mooring.state.records import Record

__all__ = ["Verdict", "arrived", "source_waits", "unsettled"]

_AGAIN = 300.0  # seconds until checks that are not green are asked for again
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why something waits (empty: it does not), and when another look is due, in seconds since the epoch, or 0."""

    waits: str = ""
    due: float = 0.0


def unsettled(record: Record) -> str:
    """Why an application is not as git wants it, and well; empty where it is."""
    spec, wanted, status = record.spec, record.wanted, record.status
    if spec is None or spec.deleting is not None:
        return f"{record.key} is {'not declared' if spec is None else 'being deleted'}"
    if wanted is None or wanted.failure is not None:
        return f"{record.key} is not rendered" + ("" if wanted is None else ": see its conditions")
    operation = status.operation
    if operation is not None and operation.phase in ("Running", "Terminating"):
        return f"a sync of {record.key} is under way"
    here = (wanted.bundle, wanted.generation, status.generation) == (status.bundle, spec.generation, spec.generation)
    if not here or status.sync != "Synced":
        failed = operation is not None and operation.phase in ("Failed", "Error")
        return f"{record.key} is not synced" + (": its last sync failed" if failed else "")
    if status.health.status != "Healthy":
        return f"{record.key} is {status.health.status}"
    return ""


def source_waits(ports: PromotionPorts, promotion: Promotion, source: Record, well_since: float, now: float) -> Verdict:
    """Why a source that is well has to wait all the same. Raises `BlockedError` where nobody can tell."""
    when = promotion.when
    due = well_since + when.healthy_for
    if now < due:
        return Verdict(f"{source.key} has to stay healthy until {told_time(due)}", due)
    if when.windows:
        verdict = may_sync(when.windows, now, manual=False)
        if not verdict.allowed:
            until = f" until {told_time(verdict.changes)}" if verdict.changes is not None else ""
            return Verdict(f"{verdict.window} keeps it back{until}", verdict.changes or 0.0)
    if when.checks is not None and (waits := _checks(ports, source, when.checks)):
        return Verdict(waits, now + _AGAIN)
    return Verdict()


def _checks(ports: PromotionPorts, source: Record, names: Sequence[str]) -> str:
    """Why the checks of the commits that a source runs are not green; empty where they are."""
    assert source.spec is not None
    sources = source.spec.application.sources
    told = False
    for each, sha in zip(sources, source.status.revision.split(","), strict=False):
        if each.chart or each.repo_url.startswith("oci://"):
            continue
        host = ports.host(each.repo_url)
        if not isinstance(host, CheckHost):
            why = "its code host is not known, or no token is registered for it (docs/forges.md)"
            if host is not None:
                why = "its code host keeps none for a commit; remove spec.when.checks (docs/promotion.md)"
            told_of = f"nobody can tell the checks of {normalise(each.repo_url)}: {why}"
            raise BlockedError(told_of, field="spec.when.checks")
        told = True
        with understood("a code host", "spec.when.checks"):
            found = {check.name: check.state for check in host.checks(sha)}
        missing = [name for name in names if name not in found]
        asked = {name: state for name, state in found.items() if not names or name in names}
        bad = sorted(name for name, state in asked.items() if state == "failed")
        slow = sorted(name for name, state in asked.items() if state == "pending") + missing
        at = f"of {sha[:12]}"
        if bad:
            return f"checks {at} are red: {', '.join(bad[:_NAMED])}"
        if slow:
            return f"checks {at} are not finished: {', '.join(slow[:_NAMED])}"
        if not found:
            return f"no check {at} has reported yet"
    if not told:
        raise BlockedError("the source has no commit that could be checked", field="spec.when.checks")
    return ""


def arrived(
    landing: Landing, url: str, verify_for: float, targets: Mapping[AppKey, Record], now: float
) -> tuple[Landing, float]:
    """A landing as it is now, and when another look is due (0: not by the clock); `url` is what was written to."""
    if landing.outcome == "verified":
        return landing, 0.0
    waits = next((each for key, record in targets.items() if (each := _not_there(landing, url, record))), "")
    if not waits:
        waits = next((each for record in targets.values() if (each := unsettled(record))), "")
        broken = next((record for record in targets.values() if _broken(record)), None)
        if broken is not None:
            why = f"{broken.key} is Degraded" if broken.status.health.status == "Degraded" else waits
            return replace(landing, arrived=0.0, outcome="failed", message=why), 0.0
    if waits:
        return replace(landing, arrived=0.0, message=f"waits: {waits}"), 0.0
    since = landing.arrived or now
    due = since + verify_for
    if now < due:
        return replace(landing, arrived=since, message=f"healthy so far, has to stay so until {told_time(due)}"), due
    names = ", ".join(str(key) for key in list(targets)[:_NAMED])
    return replace(landing, arrived=since, outcome="verified", message=f"{names} synced and healthy"), 0.0


def _not_there(landing: Landing, url: str, record: Record) -> str:
    """Why a target's wanted state has not seen yet what landed."""
    spec, wanted = record.spec, record.wanted
    if spec is None:
        return f"{record.key} is not declared"
    rows = [(index, value) for app, index, value in landing.expected if app == str(record.key)]
    sources = spec.application.sources
    if any(index >= len(sources) or sources[index].target_revision != value for index, value in rows):
        return f"{record.key} is not declared with it yet"
    if wanted is None or rows:
        return "" if wanted is not None else f"{record.key} is not rendered"
    name = normalise(url)
    seen = any(
        each.in_git and normalise(each.url) == name and each.revision == landing.commit
        for each in wanted.rendering.inputs
    )
    return "" if seen or wanted.resolved_at >= landing.at else f"{record.key} is not rendered with it yet"


def _broken(record: Record) -> bool:
    operation, wanted = record.status.operation, record.wanted
    failed = operation is not None and operation.phase in ("Failed", "Error")
    here = wanted is not None and operation is not None and operation.bundle == wanted.bundle
    return record.status.health.status == "Degraded" or (failed and here)
