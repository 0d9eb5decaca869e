"""What a request for a sync may choose, taken out of its body: some of the objects, a dry run, options for it alone.

Resources come as Argo CD's API has them (`{group, kind, name, namespace}`), or as texts like those of its command. A
field that nobody knows is refused: whoever misspells `dryRun` wants nothing changed. Names are those of Argo CD's
`ApplicationSyncRequest` (`server/application/application.proto`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mooring.errors import ConfigurationError
from mooring.model.once import Once, read_once

__all__ = [
    "ROLLBACK",
    "SYNC",
    "chosen_dry_run",
    "chosen_once",
    "chosen_resources",
    "chosen_revisions",
    "refuse_unknown",
]

_MOST = 500  # selectors of one request
SYNC = frozenset({
    "prune", "dryRun", "resources", "revision", "revisions", "sourcePositions", "strategy", "syncOptions",
    "retryStrategy",
})  # fmt: skip
"""The fields of a sync."""
ROLLBACK = frozenset({"id", "operation", "prune", "dryRun"})
"""The fields of a rollback."""
_ELSEWHERE = {
    "name": "is the name in the address",
    "appNamespace": "goes into the query, as ?namespace=",
    "project": "is that of the application",
    "manifests": "can't be had: what is synced comes from git. Push it, or look at it with `mooring app diff --local`",
    "infos": "are not kept with an operation; say it where the commit is, or with `mooring app pause --why`",
    "retry": "is spelt retryStrategy",
}
_FIELDS = ("group", "kind", "namespace", "name")


def refuse_unknown(body: Any, known: Collection[str] = SYNC) -> None:
    """Raises `ConfigurationError` for a body that is no object, and for the first field that is none of the `known`
    ones, with what to do instead.
    """
    if not isinstance(body, dict):
        raise ConfigurationError("must be a JSON object", field="body")
    for name in body:
        if name not in known and body[name] not in (None, "", [], {}):
            raise ConfigurationError(_ELSEWHERE.get(name, "is no field of this request; leave it out"), field=name)


def chosen_once(body: Any) -> Once:
    """What is wanted of this sync alone. Raises `ConfigurationError` naming the field."""
    given = body if isinstance(body, dict) else {}
    return read_once(given.get("syncOptions"), given.get("strategy"), given.get("retryStrategy"))


def chosen_resources(body: Any) -> tuple[str, ...]:
    """The selectors of a request's `resources` as texts. Raises `ConfigurationError` naming the entry."""
    given = body.get("resources") if isinstance(body, dict) else None
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > _MOST:
        raise ConfigurationError(f"must be a list of at most {_MOST}", field="resources")
    return tuple(_selector(each, f"resources[{index}]") for index, each in enumerate(given))


def _selector(given: Any, field: str) -> str:
    text = given
    if isinstance(given, dict) and all(isinstance(given.get(name, ""), str) for name in _FIELDS):
        group, kind, namespace, name = (given.get(each, "") for each in _FIELDS)
        text = f"{group}:{kind}:{namespace}/{name}" if namespace else f"{group}:{kind}:{name}"
    if not isinstance(text, str) or "\n" in text:
        raise ConfigurationError("must be GROUP:KIND:NAME or {group, kind, namespace, name}", field=field)
    return text


def chosen_revisions(body: Any) -> tuple[str, ...]:
    """Other revisions than the declared ones, by the place of their source; empty where the declared one counts.

    `revision` is that of the only source, `revisions` go with `sourcePositions` (from 1) where there are several, as in
    Argo CD's API. Raises `ConfigurationError`.
    """
    given = body if isinstance(body, dict) else {}
    one, several, positions = (given.get(name) for name in ("revision", "revisions", "sourcePositions"))
    if one is not None and not isinstance(one, str):
        raise ConfigurationError("must be a branch, a tag, a commit or a version", field="revision")
    if several is None and positions is None:
        return (one,) if one else ()
    if one:
        raise ConfigurationError("can't be set together with revisions", field="revision")
    if not isinstance(several, list) or not all(isinstance(each, str) for each in several):
        raise ConfigurationError("must be a list of branches, tags, commits or versions", field="revisions")
    if not isinstance(positions, list) or not all(type(each) is int and 1 <= each <= _MOST for each in positions):
        raise ConfigurationError("must be the places of the sources, from 1", field="sourcePositions")
    if len(positions) != len(several) or len(set(positions)) != len(positions):
        raise ConfigurationError("must name one source for each of revisions", field="sourcePositions")
    named = dict(zip(positions, several, strict=True))
    return tuple(named.get(place, "") for place in range(1, max(named, default=0) + 1))


def chosen_dry_run(body: Any) -> bool:
    """Whether nothing is to be changed (`dryRun`). Raises `ConfigurationError`."""
    given = body.get("dryRun", False) if isinstance(body, dict) else False
    if not isinstance(given, bool):
        raise ConfigurationError("must be true or false", field="dryRun")
    return given
