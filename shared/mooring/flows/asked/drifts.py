"""What is asked about changes beside git: which there were, and everything that is known of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from mooring.errors import ConfigurationError, PermanentError
from mooring.model.application import AppKey
from mooring.model.moments import told_if_ever
from mooring.plan.driftrecords import DriftRecord
from mooring.state.applications import Applications

__all__ = ["UnknownDriftError", "list_drifts", "show_drift"]

_MOST: Final = 500
_SHOWN: Final = 100
_QUIET: Final = ("foreign",)


class UnknownDriftError(PermanentError):
    """No record has this id."""


def list_drifts(
    applications: Applications, asked: Mapping[str, str], seen: Callable[[Iterable[str]], set[str]] = set
) -> dict[str, Any]:
    """A page of the newest records that fit what is asked, newest first.

    `app`, `cluster`, `who` (part of a user's or a manager's name), `since` (RFC 3339), `limit` (100, at most 500),
    `all` (`true` shows fields that others added beside ours, too) and `continue` (`metadata.continue` of the page
    before). One query for each application that may fit; of each the 500 newest that are left are looked at. `seen`
    says of which of these applications may be told: the others are not asked, so a page neither lacks nor names theirs.
    """
    limit, since = _limit(asked.get("limit", "")), _since(asked.get("since", ""))
    who, cluster, everything = asked.get("who", "").lower(), asked.get("cluster", ""), asked.get("all") == "true"
    named, before = asked.get("app", ""), asked.get("continue", "")
    if before and not (before.isascii() and before.isalnum()):
        raise ConfigurationError("must be metadata.continue of the page before", field="continue")
    apps = [AppKey.parse(named)] if named else [listed.key for listed in applications.registered()]
    visible = seen(str(app) for app in apps)
    found = [
        record
        for app in apps
        if str(app) in visible
        for record in applications.drifts.of_app(app, _MOST, since, before)
        if cluster in ("", record.cluster) and (everything or record.what not in _QUIET) and _is_by(record, who)
    ]
    found.sort(key=lambda each: (each.noticed_at, each.id), reverse=True)  # ids begin with that moment
    metadata = {"continue": found[limit - 1].id} if len(found) > limit else {}
    return {"metadata": metadata, "items": [_shown(each) for each in found[:limit]]}


def show_drift(applications: Applications, id_: str) -> dict[str, Any]:
    """One record. Raises `UnknownDriftError`."""
    record = applications.drifts.find([listed.key for listed in applications.registered()], id_.upper())
    if record is None:
        raise UnknownDriftError(f"no drift has the id {id_}; `mooring drift list` shows those that are on record")
    return _shown(record)


def _is_by(record: DriftRecord, who: str) -> bool:
    names = [each.user for each in record.suspects] + [each.manager for each in record.fields]
    names += [text for each in record.suspects for name, text in each.told if name in ("arn", "impersonated")]
    return not who or any(who in name.lower() for name in names)


def _limit(text: str) -> int:
    if not text:
        return _SHOWN
    if not text.isdigit() or not 0 < int(text) <= _MOST:
        raise ConfigurationError(f"must be a number from 1 to {_MOST}", field="limit")
    return int(text)


def _since(text: str) -> float:
    if not text:
        return 0.0
    try:
        moment = datetime.fromisoformat(text)
        return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError) as error:
        raise ConfigurationError("must be a time as 2026-03-01T02:00:00Z", field="since") from error


def _shown(record: DriftRecord) -> dict[str, Any]:
    key = record.key
    return {
        "id": record.id,
        "application": record.app,
        "cluster": record.cluster,
        "object": {"group": key.group, "kind": key.kind, "namespace": key.namespace, "name": key.name},
        "what": record.what,
        "done": record.done,
        "operation": record.operation,
        "seenBy": record.seen_by,
        "noticedAt": told_if_ever(record.noticed_at),
        "endedAt": told_if_ever(record.ended_at),
        "uid": record.uid,
        "resourceVersion": record.resource_version,
        "generation": record.generation,
        "fields": [
            {
                "path": each.path,
                "before": each.before,
                "after": each.after,
                "manager": each.manager,
                "operation": each.operation,
                "subresource": each.subresource,
                "time": each.time,
            }
            for each in record.fields
        ],
        "who": [
            {
                "user": each.user,
                "certain": each.certain,
                "at": told_if_ever(each.at),
                "verb": each.verb,
                "fields": list(each.fields),
                "deed": each.deed,
                **dict(each.told),
            }
            for each in record.suspects
        ],
    }
