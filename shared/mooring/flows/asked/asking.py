"""What a person chooses for one sync: some of the objects instead of all of them.

A choice is written as in Argo CD's command (`argocd app sync --resource`): `GROUP:KIND:NAME`, where the name may be
`NAMESPACE/NAME`, `*` stands for anything, and a `!` in front takes objects out again. Nothing here knows a cluster.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from mooring.errors import ConfigurationError
from mooring.model.objects import ObjectKey
from mooring.plan.steps import Action, Plan, Wave

__all__ = ["Selector", "is_chosen", "narrowed", "read_selectors"]


@dataclass(frozen=True, slots=True)
class Selector:
    """Objects by glob; `namespace` is `*` where none was written. `excluded` takes out what it fits."""

    group: str
    kind: str
    namespace: str
    name: str
    excluded: bool

    def fits(self, key: ObjectKey) -> bool:
        """Whether it is about this object."""
        return (
            fnmatchcase(key.group, self.group)
            and fnmatchcase(key.kind, self.kind)
            and fnmatchcase(key.namespace, self.namespace)
            and fnmatchcase(key.name, self.name)
        )


def read_selectors(texts: Iterable[str]) -> tuple[Selector, ...]:
    """Reads `GROUP:KIND:NAME` or `GROUP:KIND:NAMESPACE/NAME`, with `!` in front to exclude.

    Raises `ConfigurationError`. Source: Argo CD, command reference, `argocd app sync`.
    """
    return tuple(_read(text) for text in texts)


def _read(text: str) -> Selector:
    parts = text.removeprefix("!").split(":", 2)
    group, kind, name = parts if len(parts) == 3 else ("", "", "")
    namespace, slash, last = name.rpartition("/")
    if not kind or not last or "/" in namespace or (slash and not namespace):
        raise ConfigurationError(
            f"must be GROUP:KIND:NAME or GROUP:KIND:NAMESPACE/NAME (the core group is empty), not {text!r}",
            field="resources",
        )
    return Selector(group, kind, namespace or "*", last, text.startswith("!"))


def is_chosen(key: ObjectKey, selectors: tuple[Selector, ...]) -> bool:
    """Whether an object is among the chosen ones; without selectors, or with nothing but exclusions, all others are."""
    if any(selector.excluded and selector.fits(key) for selector in selectors):
        return False
    wanted = [selector for selector in selectors if not selector.excluded]
    return not wanted or any(selector.fits(key) for selector in wanted)


def narrowed(plan: Plan, selectors: tuple[Selector, ...]) -> Plan:
    """The part of a plan that is about the chosen objects, without hooks.

    Source: Argo CD, "Selective Sync". What is not chosen stays, also where git doesn't want it any more.
    """
    if not selectors:
        return plan
    waves = tuple(part for wave in plan.waves if (part := _part(wave, selectors)).stages)
    spared = [step.key for step in plan.steps if step.action is Action.PRUNE and not is_chosen(step.key, selectors)]
    return Plan(waves, (*plan.kept, *spared))


def _part(wave: Wave, selectors: tuple[Selector, ...]) -> Wave:
    stages = (tuple(step for step in stage if is_chosen(step.key, selectors)) for stage in wave.stages)
    return replace(wave, stages=tuple(stage for stage in stages if stage), hooks=())
