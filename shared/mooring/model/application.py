"""An Argo CD `Application`, as far as Mooring honours it.

The document is parsed once, at the edge, into frozen values; everything inside trusts them. The document itself is kept
beside them, because what a user wrote is what `app get` shows. Field names and defaults follow Argo CD's
"Application Specification" page and its `v1alpha1` types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mooring.errors import ConfigurationError
from mooring.model.duration import parse_duration
from mooring.model.fields import Fields
from mooring.model.ignoring import IgnoreRule, parse_ignore_rules
from mooring.model.objects import Manifest
from mooring.model.options import SELF_HEAL, Marks, Propagation, SyncOptions, read_marks, read_options
from mooring.model.source import Source, parse_sources

__all__ = [
    "API_VERSION",
    "GROUP",
    "NAME",
    "NAMESPACE",
    "REGISTERED_KINDS",
    "RESOURCES_FINALIZER",
    "AppKey",
    "Application",
    "Automated",
    "Destination",
    "Parsed",
    "Retry",
    "is_registered",
    "parse_application",
    "read_retry",
]

API_VERSION = "argoproj.io/v1alpha1"
GROUP = "argoproj.io"
REGISTERED_KINDS = frozenset({"Application", "ApplicationSet", "AppProject"})
"""Kinds of Argo CD's group that go to Mooring's own registry wherever they stand."""

RESOURCES_FINALIZER = "resources-finalizer.argocd.argoproj.io"
DEFAULT_NAMESPACE = "argocd"

NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


_STEEPEST: Final = 10_000  # what a factor counts for at most: what is beyond no number can hold in the end
_OTHERS: Final = (("mooring.dev", "Promotion"), ("argocd-image-updater.argoproj.io", "ImageUpdater"))


def is_registered(group: str, kind: str) -> bool:
    """Whether objects of a kind go to the registry, and not to a cluster."""
    return (group == GROUP and kind in REGISTERED_KINDS) or (group, kind) in _OTHERS


@dataclass(frozen=True, slots=True, order=True)
class AppKey:
    """Names an application in this installation: `namespace/name`."""

    namespace: str
    name: str

    @classmethod
    def parse(cls, text: str) -> AppKey:
        """The inverse of `str()`; a bare name lives in `argocd`. Raises `ConfigurationError`."""
        namespace, slash, name = text.rpartition("/")
        key = cls(namespace if slash else DEFAULT_NAMESPACE, name)
        if not NAMESPACE.fullmatch(key.namespace) or not NAME.fullmatch(key.name):
            raise ConfigurationError(f"{text!r} does not name an application (NAME or NAMESPACE/NAME)", field="app")
        return key

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Destination:
    """The cluster (by `server` or by `name`) and the namespace of objects that name none."""

    server: str = ""
    name: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Automated:
    """`syncPolicy.automated`, present and enabled."""

    prune: bool = False
    self_heal: bool = False
    allow_empty: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """How a failed sync of the same revision is tried again; times in seconds. A negative limit means for ever."""

    limit: int = 5
    duration: float = 5.0
    factor: int = 2
    max_duration: float = 180.0

    def delay(self, failures: int) -> float:
        """Seconds to wait after this many failures (at least 1): 5, 10, 20, … at most `max_duration`."""
        exponent = min(failures - 1, 60)
        return float(min(self.duration * min(self.factor, _STEEPEST) ** exponent, self.max_duration))


@dataclass(frozen=True, slots=True)
class Application:
    """One application as declared, checked and complete."""

    key: AppKey
    sources: tuple[Source, ...]
    destination: Destination
    automated: Automated | None
    retry: Retry
    create_namespace: bool
    propagation: Propagation
    finalizers: tuple[str, ...]
    history_limit: int
    declared: Manifest
    ignore_differences: tuple[IgnoreRule, ...] = ()
    respect_ignore_differences: bool = False
    options: SyncOptions = SyncOptions()
    marks: Marks = Marks()
    project: str = "default"

    @property
    def source(self) -> Source:
        """The source, or the first of several."""
        return self.sources[0]

    @property
    def cascade(self) -> bool:
        """Whether deleting the application deletes its objects (Argo CD, "App Deletion")."""
        return any(f == RESOURCES_FINALIZER or f.startswith(RESOURCES_FINALIZER + "/") for f in self.finalizers)

    @property
    def deletion_propagation(self) -> Propagation:
        """How its objects are deleted with it: as the finalizer says, by default foreground (the same page)."""
        return "Background" if f"{RESOURCES_FINALIZER}/background" in self.finalizers else "Foreground"


@dataclass(frozen=True, slots=True)
class Parsed:
    """An application and what the reader should know about its text."""

    application: Application
    warnings: tuple[str, ...]


def parse_application(document: object) -> Parsed:
    """Reads one decoded `Application`.

    Raises `ConfigurationError` with the path of the first field that is wrong or not supported yet.
    """
    warnings: list[str] = []
    top = Fields(document, "", warnings)
    if top.text("apiVersion") != API_VERSION:
        raise top.error("apiVersion", f"must be {API_VERSION}")
    if top.text("kind") != "Application":
        raise top.error("kind", "must be Application")
    top.ignore("status")
    top.not_yet("operation")
    metadata = top.mapping("metadata")
    if metadata is None:
        raise top.error("metadata", "must not be empty")
    spec = top.mapping("spec")
    if spec is None:
        raise top.error("spec", "must not be empty")
    key = _key(metadata)
    application = _spec(key, metadata.texts("finalizers"), read_marks(metadata), spec, document)
    spec.close()
    top.close()
    return Parsed(application, tuple(warnings))


def _key(metadata: Fields) -> AppKey:
    name = metadata.required_text("name")
    namespace = metadata.text("namespace") or DEFAULT_NAMESPACE
    if not NAME.fullmatch(name):
        raise metadata.error("name", "must be a DNS name: lower-case letters, digits, '-' and '.'")
    if not NAMESPACE.fullmatch(namespace):
        raise metadata.error("namespace", "must be a DNS label: lower-case letters, digits and '-'")
    metadata.text_map("labels")
    return AppKey(namespace, name)


def _spec(key: AppKey, finalizers: tuple[str, ...], marks: Marks, spec: Fields, document: object) -> Application:
    spec.not_yet("sourceHydrator")
    spec.ignore("info")
    project = spec.text("project", "default") or "default"
    sources = parse_sources(spec)
    destination = spec.mapping("destination")
    if destination is None:
        raise spec.error("destination", "must not be empty")
    history_limit = spec.integer("revisionHistoryLimit", 10)
    if history_limit < 0:
        raise spec.error("revisionHistoryLimit", "must not be negative")
    policy = spec.mapping("syncPolicy")
    automated, retry, options = None, Retry(), SyncOptions()
    if policy is not None:
        automated = _automated(policy)
        retry = read_retry(policy, "retry") or Retry()
        options = read_options(policy)
        policy.close()
    if automated is not None and marks.self_heal is not None:
        spec.warnings.append(
            f"metadata.annotations.{SELF_HEAL}: has no effect while syncPolicy.automated is on: its selfHeal decides"
        )
    assert isinstance(document, dict)
    return Application(
        key=key,
        sources=sources,
        destination=_destination(destination),
        automated=automated,
        retry=retry,
        create_namespace=options.create_namespace,
        propagation=options.propagation,
        finalizers=finalizers,
        history_limit=history_limit,
        declared=document,
        ignore_differences=parse_ignore_rules(spec),
        respect_ignore_differences=options.respect_ignore_differences,
        options=options,
        marks=marks,
        project=project,
    )


def _destination(fields: Fields) -> Destination:
    destination = Destination(fields.text("server"), fields.text("name"), fields.text("namespace"))
    if destination.server and destination.name:
        raise fields.error("name", "can't be set together with server: one of them names the cluster")
    if not destination.server and not destination.name:
        raise fields.error("server", "must not be empty (or give the cluster's name)")
    fields.close()
    return destination


def _automated(policy: Fields) -> Automated | None:
    block = policy.mapping("automated")
    if block is None:
        return None
    enabled = block.boolean("enabled", True)
    automated = Automated(
        block.boolean("prune", False), block.boolean("selfHeal", False), block.boolean("allowEmpty", False)
    )
    block.close()
    return automated if enabled else None


def read_retry(fields: Fields, name: str) -> Retry | None:
    """How often something that failed is tried again, None where the field is not there.

    Raises `ConfigurationError`. Source: Argo CD, "Application Specification" (`syncPolicy.retry`).
    """
    block = fields.mapping(name)
    if block is None:
        return None
    default = Retry()
    limit = block.integer("limit", default.limit)
    block.ignore("refresh")  # a new commit always resets the retries here
    duration, factor, maximum = default.duration, default.factor, default.max_duration
    if (backoff := block.mapping("backoff")) is not None:
        duration = _seconds(backoff, "duration", duration)
        factor = backoff.integer("factor", factor)
        if factor < 1:
            raise backoff.error("factor", "must be at least 1")
        maximum = _seconds(backoff, "maxDuration", maximum)
        backoff.close()
    block.close()
    return Retry(limit, duration, factor, maximum)


def _seconds(fields: Fields, name: str, default: float) -> float:
    text = fields.text(name)
    if not text:
        return default
    try:
        return parse_duration(text)
    except ValueError as error:
        raise fields.error(name, str(error)) from error
