"""An Argo CD `ApplicationSet`: generators, a template, and what may happen to the applications that come of them.

Read once, at the edge, as strictly as applications are. What only turns out when templates are rendered (the names and
specs of applications) is not judged here. Fields follow Argo CD's "ApplicationSet Specification" page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from mooring.errors import ConfigurationError
from mooring.model.application import API_VERSION, DEFAULT_NAMESPACE, NAME, NAMESPACE
from mooring.model.fields import Fields
from mooring.model.generatorkinds import Generator, Matrix, Merge
from mooring.model.generators import parse_generators
from mooring.model.ignoring import IgnoreRule, read_rule
from mooring.model.objects import Manifest
from mooring.model.selectors import Requirement, parse_requirements
from mooring.model.setkey import SetKey
from mooring.model.settemplate import SetTemplate, parse_set_template

__all__ = [
    "ApplicationSet",
    "ParsedSet",
    "Policy",
    "Rollout",
    "SetKey",
    "Step",
    "parse_application_set",
    "requeue_after",
]

Policy = Literal["create-only", "create-update", "create-delete", "sync"]

_POLICIES: Final[tuple[Policy, ...]] = ("create-only", "create-update", "create-delete", "sync")
_PERCENT = re.compile(r"\d+%")
_DEFAULT_REQUEUE = {
    "git": 180,
    "clusterDecisionResource": 180,
    "scmProvider": 1800,
    "pullRequest": 1800,
    "plugin": 1800,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a rolling sync: the applications whose labels fit. `max_update` is 2, "25%" or None for all."""

    requirements: tuple[Requirement, ...]
    max_update: int | str | None = None


@dataclass(frozen=True, slots=True)
class Rollout:
    """`strategy`: without steps all applications are synced as they come. `reverse` is about deleting the set."""

    steps: tuple[Step, ...] = ()
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class ApplicationSet:
    """One set as declared, checked and complete."""

    key: SetKey
    generators: tuple[Generator, ...]
    template: SetTemplate
    go_template: bool
    go_template_options: tuple[str, ...]
    template_patch: str
    policy: Policy
    preserve_resources: bool
    rollout: Rollout
    ignore_differences: tuple[IgnoreRule, ...]
    preserved_annotations: tuple[str, ...]
    preserved_labels: tuple[str, ...]
    nested_selectors: bool
    declared: Manifest

    @property
    def may_update(self) -> bool:
        """Whether applications that exist may be changed (Argo CD, "Controlling Resource Modification")."""
        return self.policy in {"create-update", "sync"}

    @property
    def may_delete(self) -> bool:
        """Whether applications that are generated no longer may be deleted (the same page)."""
        return self.policy in {"create-delete", "sync"}


@dataclass(frozen=True, slots=True)
class ParsedSet:
    """An ApplicationSet and what the reader should know about its text."""

    application_set: ApplicationSet
    warnings: tuple[str, ...]


def parse_application_set(document: object) -> ParsedSet:
    """Reads one decoded `ApplicationSet`.

    Raises `ConfigurationError` with the path of the first field that is wrong.
    """
    warnings: list[str] = []
    top = Fields(document, "", warnings)
    if top.text("apiVersion") != API_VERSION:
        raise top.error("apiVersion", f"must be {API_VERSION}")
    if top.text("kind") != "ApplicationSet":
        raise top.error("kind", "must be ApplicationSet")
    top.ignore("status")
    metadata, spec = top.mapping("metadata"), top.mapping("spec")
    if metadata is None:
        raise top.error("metadata", "must not be empty")
    if spec is None:
        raise top.error("spec", "must not be empty")
    assert isinstance(document, dict)
    application_set = _spec(_key(metadata), spec, document)
    spec.close()
    top.close()
    return ParsedSet(application_set, tuple(warnings))


def requeue_after(generators: tuple[Generator, ...]) -> int | None:
    """Seconds after which the generators have to be asked again, None where only declared things matter.

    The shortest of all counts; without a number git is asked every 3 minutes and the others every 30, as in Argo CD
    ("Generators").
    """
    times: list[int] = []
    for generator in generators:
        if isinstance(generator.detail, Matrix | Merge):
            inner = requeue_after(tuple(generator.detail.children))
            times += [] if inner is None else [inner]
        elif generator.requeue_after or generator.kind in _DEFAULT_REQUEUE:
            times.append(generator.requeue_after or _DEFAULT_REQUEUE[generator.kind])
    return min(times, default=None)


def _key(metadata: Fields) -> SetKey:
    name = metadata.required_text("name")
    namespace = metadata.text("namespace") or DEFAULT_NAMESPACE
    if not NAME.fullmatch(name):
        raise metadata.error("name", "must be a DNS name: lower-case letters, digits, '-' and '.'")
    if not NAMESPACE.fullmatch(namespace):
        raise metadata.error("namespace", "must be a DNS label: lower-case letters, digits and '-'")
    return SetKey(namespace, name)


def _spec(key: SetKey, spec: Fields, document: Manifest) -> ApplicationSet:
    generators = parse_generators(spec)
    if not generators:
        raise spec.error("generators", "must not be empty")
    template = parse_set_template(spec, "template")
    if template is None:
        raise spec.error("template", "must not be empty")
    go_template, options = spec.boolean("goTemplate", False), spec.texts("goTemplateOptions")
    if options and not go_template:
        spec.warnings.append(f"{spec.path}.goTemplateOptions: mean nothing without goTemplate: true")
    policy, preserve = _policy(spec)
    annotations, labels = _preserved(spec)
    return ApplicationSet(
        key=key,
        generators=generators,
        template=template,
        go_template=go_template,
        go_template_options=options,
        template_patch=spec.text("templatePatch"),
        policy=policy,
        preserve_resources=preserve,
        rollout=_rollout(spec),
        ignore_differences=tuple(
            read_rule(block, "argoproj.io", "Application", block.text("name"))
            for block in spec.mappings("ignoreApplicationDifferences")
        ),
        preserved_annotations=annotations,
        preserved_labels=labels,
        nested_selectors=spec.boolean("applyNestedSelectors", False),
        declared=document,
    )


def _policy(spec: Fields) -> tuple[Policy, bool]:
    block = spec.mapping("syncPolicy")
    if block is None:
        return "sync", False
    text, preserve = block.text("applicationsSync") or "sync", block.boolean("preserveResourcesOnDeletion", False)
    block.close()
    for policy in _POLICIES:
        if text == policy:
            return policy, preserve
    raise block.error("applicationsSync", f"must be one of {', '.join(_POLICIES)}, not {text!r}")


def _preserved(spec: Fields) -> tuple[tuple[str, ...], tuple[str, ...]]:
    block = spec.mapping("preservedFields")
    if block is None:
        return (), ()
    preserved = block.texts("annotations"), block.texts("labels")
    block.close()
    return preserved


def _rollout(spec: Fields) -> Rollout:
    block = spec.mapping("strategy")
    if block is None:
        return Rollout()
    kind, order = block.text("type") or "AllAtOnce", block.text("deletionOrder") or "AllAtOnce"
    if kind not in {"AllAtOnce", "RollingSync"}:
        raise block.error("type", f"must be AllAtOnce or RollingSync, not {kind!r}")
    if order not in {"AllAtOnce", "Reverse"}:
        raise block.error("deletionOrder", f"must be AllAtOnce or Reverse, not {order!r}")
    rolling = block.mapping("rollingSync")
    steps = tuple(_step(step) for step in rolling.mappings("steps")) if rolling is not None else ()
    if rolling is not None:
        rolling.close()
    block.close()
    if kind == "RollingSync" and not steps:
        raise block.error("rollingSync.steps", "must not be empty with the type RollingSync")
    if order == "Reverse" and kind != "RollingSync":
        raise block.error("deletionOrder", "Reverse needs the type RollingSync, whose steps it turns round")
    return Rollout(steps if kind == "RollingSync" else (), order == "Reverse")


def _step(block: Fields) -> Step:
    requirements = parse_requirements(block, ("In", "NotIn"))
    limit = block.number_or_text("maxUpdate")
    if isinstance(limit, str) and not _PERCENT.fullmatch(limit):
        raise block.error("maxUpdate", f"must be a number or a percentage like 25%, not {limit!r}")
    if isinstance(limit, int) and limit < 0:
        raise ConfigurationError("must not be negative", field=f"{block.path}.maxUpdate")
    block.close()
    return Step(requirements, limit)
