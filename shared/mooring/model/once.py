"""What somebody wants of one sync alone: sync options, retries, and whether hooks run.

An Application declares its options for every sync; an incident asks for one of them once. What is asked for is laid
over what is declared, so that an option which guards something (`Prune=false`, `FailOnSharedResource=true`) stays
unless it is named; in Argo CD's API a list of options takes the place of the whole declared one. What can't be had for
one sync is refused by name, never left out: whoever types it counts on it. Source: Argo CD, `ApplicationSyncRequest` in
`server/application/application.proto`, `SyncOperation` and `SyncStrategy` in its types, "Sync Options".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.model.application import Application, Retry, read_retry
from mooring.model.fields import Fields
from mooring.model.options import SyncOptions, with_option

__all__ = ["Once", "laid_over", "read_once"]

_FORCE: Final = "Force=true"
_LAST: Final = "PruneLast=true"
_ALWAYS: Final = ("ServerSideApply=true", "ApplyOutOfSyncOnly=true", "SkipDryRunOnMissingResource=true")
_LONGEST_PAUSE: Final = 900.0  # seconds; a message comes back after so many at most (AWS, "Amazon SQS delay queues")
_REFUSED: Final = {
    "Prune": "can't be had for one sync: `prune` says whether anything is pruned, and `resources` leave objects out",
    "Delete": "is about the deletion of the application: declare it",
    "ServerSideApply=false": "can't be had: objects are always applied by the server; Replace=true replaces them",
    "ApplyOutOfSyncOnly=false": "can't be had: only what differs is applied; delete an object to have it made anew",
    "SkipDryRunOnMissingResource=false": "can't be had: there is no dry run before a sync",
    "PruneLast=false": "can't be had for one sync: objects remember that they go last; take PruneLast out of git",
}


@dataclass(frozen=True, slots=True)
class Once:
    """What holds for one sync beside what is declared.

    `options` are sync options as `NAME=VALUE`, each name once; without `hooks` none of its hooks runs. `retry` is how
    it is tried again, None where that was not said.
    """

    options: tuple[str, ...] = ()
    hooks: bool = True
    retry: Retry | None = None

    @property
    def prune_last(self) -> bool:
        """Whether what is pruned goes when all else is well. Objects that are applied do not remember this one."""
        return _LAST in self.options

    def to_json(self) -> dict[str, Any]:
        """As it is kept; empty where nothing was asked for."""
        told: dict[str, Any] = {}
        if self.options:
            told["options"] = list(self.options)
        if not self.hooks:
            told["hooks"] = False
        if self.retry is not None:
            told["retry"] = asdict(self.retry)
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Once:
        """The inverse of `to_json`."""
        retry = told.get("retry")
        return cls(tuple(told.get("options", ())), told.get("hooks", True), None if retry is None else Retry(**retry))


def read_once(options: object = None, strategy: object = None, retry: object = None) -> Once:
    """What a request asks for, as Argo CD's API spells it: `syncOptions` (a list, or `{"items": […]}`), `strategy`
    (`{"hook": {"force": true}}`; `apply` runs no hooks) and `retryStrategy`.

    Raises `ConfigurationError` naming the field.
    """
    given = _listed(options)
    hooks, force = _strategy(strategy)
    if force:
        given = [(_FORCE, "strategy"), *given]
    found: dict[str, str] = {}
    for option, at in given:
        _check(option, at)
        name = option.partition("=")[0]
        if found.get(name, option) != option:
            raise ConfigurationError(f"says something else than {found[name]}", field=at)
        found[name] = option
    return Once(tuple(sorted(found.values())), hooks, _retry(retry))


def laid_over(application: Application, once: Once) -> Application:
    """The application as it would be if it declared these options as well."""
    if not once.options:
        return application
    declared, options = application.options, application.options
    for each in once.options:
        options = with_option(options, each) or options
    objects = replace(options.objects, prune_last=declared.objects.prune_last)
    return replace(
        application,
        options=replace(options, objects=objects),
        create_namespace=options.create_namespace,
        propagation=options.propagation,
        respect_ignore_differences=options.respect_ignore_differences,
    )


def _listed(options: object) -> list[tuple[str, str]]:
    """The options, each with where it stands."""
    items = options
    if isinstance(options, dict):
        _refuse([f"syncOptions.{name}" for name in options if name != "items"])
        items = options.get("items")
    if items is None:
        return []
    if not isinstance(items, list) or not all(isinstance(each, str) for each in items):
        raise ConfigurationError("must be a list of options such as Replace=true", field="syncOptions")
    return [(each.strip(), f"syncOptions[{index}]") for index, each in enumerate(items)]


def _strategy(strategy: object) -> tuple[bool, bool]:
    """Whether hooks run, and whether objects are made anew where they have to be."""
    if strategy is None:
        return True, False
    fields = Fields(strategy, "strategy", [])
    apply, hook = fields.mapping("apply"), fields.mapping("hook")
    if apply is not None and hook is not None:
        raise ConfigurationError("can't be both apply and hook", field="strategy")
    chosen = apply if apply is not None else hook
    force = False if chosen is None else chosen.boolean("force", False)
    for block in (fields, apply, hook):
        if block is not None:
            block.close()
    _refuse(fields.warnings)
    return apply is None, force


def _check(option: str, at: str) -> None:
    name = option.partition("=")[0]
    refused = _REFUSED.get(option) or _REFUSED.get(name)
    if refused:
        raise ConfigurationError(f"{option} {refused}", field=at)
    if option in _ALWAYS:
        return
    try:
        changed = with_option(SyncOptions(), option)
    except ValueError as error:
        raise ConfigurationError(str(error), field=at) from error
    if changed is None:
        raise ConfigurationError(f"{option!r} is no sync option (docs/sync-options.md has them)", field=at)


def _retry(retry: object) -> Retry | None:
    if retry is None:
        return None
    fields = Fields({"retryStrategy": retry}, "", [])
    found = read_retry(fields, "retryStrategy")
    _refuse(fields.warnings)
    if found is not None and found.duration <= 0:
        raise ConfigurationError("must be more than 0 s", field="retryStrategy.backoff.duration")
    if found is not None and not 0 < found.max_duration <= _LONGEST_PAUSE:
        raise ConfigurationError(
            f"must be more than 0 s, and {_LONGEST_PAUSE:g} s at most", field="retryStrategy.backoff.maxDuration"
        )
    return found


def _refuse(unknown: list[str]) -> None:
    """Raises what a `Fields` warned of: here nobody is there to read a warning."""
    if unknown:
        field, _, _ = unknown[0].partition(":")
        raise ConfigurationError("is a field that nobody knows; leave it out", field=field)
