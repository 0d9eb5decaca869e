"""Reading an Argo CD `AppProject`: strictly, once, with the path of what is wrong.

A rule that could not be read would allow too much or too little without a word, so every pattern, schedule, duration,
time zone and policy is tried here. What a project demands and Mooring can't do is refused: a rule that nobody obeys
must not look as if it held.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mooring.access.globs import check_glob, check_path_glob
from mooring.access.integrity import parse_signatures
from mooring.access.orphans import parse_orphans
from mooring.access.policies import parse_policy
from mooring.access.project import (
    DEFAULT_PROJECT,
    KindRule,
    KindRules,
    Permitted,
    Policy,
    Project,
    Role,
    ServiceAccount,
    SyncWindow,
)
from mooring.access.secretrules import parse_secret_rules
from mooring.model.application import API_VERSION, DEFAULT_NAMESPACE
from mooring.model.fields import Fields
from mooring.model.options import read_self_heal

__all__ = ["ParsedProject", "built_in", "parse_project"]

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_ROLE = re.compile(r"[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?")
_NOT_IN_ACCOUNTS = set("!*[]{}\\/")


@dataclass(frozen=True, slots=True)
class ParsedProject:
    """A project and what the reader should know about its text."""

    project: Project
    warnings: tuple[str, ...]


def built_in() -> Project:
    """The project `default` where nobody declared one: it permits everything, as Argo CD creates it.

    To applications in `argocd`, that is: who may only write in another namespace must not get past a project's rules
    by naming this one (Argo CD, "Applications in any namespace").
    """
    every = [{"group": "*", "kind": "*"}]
    spec = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": every,
    }
    document = {"apiVersion": API_VERSION, "kind": "AppProject", "metadata": {"name": DEFAULT_PROJECT}, "spec": spec}
    return parse_project(document).project


def parse_project(document: object) -> ParsedProject:
    """Reads one decoded `AppProject`. Raises `ConfigurationError` with the path of the first field that is wrong."""
    warnings: list[str] = []
    top = Fields(document, "", warnings)
    if top.text("apiVersion") != API_VERSION:
        raise top.error("apiVersion", f"must be {API_VERSION}")
    if top.text("kind") != "AppProject":
        raise top.error("kind", "must be AppProject")
    top.ignore("status")
    metadata = top.mapping("metadata")
    if metadata is None:
        raise top.error("metadata", "must not be empty")
    name = metadata.required_text("name")
    if not _NAME.fullmatch(name):
        raise metadata.error("name", "must be a DNS name: lower-case letters, digits, '-' and '.'")
    if metadata.text("namespace", DEFAULT_NAMESPACE) != DEFAULT_NAMESPACE:
        raise metadata.error("namespace", f"must be {DEFAULT_NAMESPACE}: that is where projects live")
    spec = top.mapping("spec")
    if spec is None:
        raise top.error("spec", "must not be empty")
    assert isinstance(document, dict)
    project = Project(
        name=name,
        declared=document,
        description=spec.text("description"),
        source_repos=_sources(spec),
        destinations=_destinations(spec),
        cluster_allowed=_kinds(spec, "clusterResourceWhitelist", names=True),
        cluster_denied=_kinds(spec, "clusterResourceBlacklist", names=True),
        namespaced_allowed=(
            _kinds(spec, "namespaceResourceWhitelist") if spec.has("namespaceResourceWhitelist") else None
        ),
        namespaced_denied=_kinds(spec, "namespaceResourceBlacklist"),
        source_namespaces=_source_namespaces(spec),
        windows=_windows(spec),
        roles=_roles(spec, name),
        service_accounts=_service_accounts(spec),
        own_clusters_only=spec.boolean("permitOnlyProjectScopedClusters", False),
        signatures=parse_signatures(spec),
        orphans=parse_orphans(spec),
        secrets=parse_secret_rules(metadata),
        self_heal=read_self_heal(metadata) or False,
    )
    spec.ignore("namespaceResourceWhitelist")
    spec.close()
    top.close()
    return ParsedProject(project, tuple(warnings))


def _sources(spec: Fields) -> tuple[str, ...]:
    repos = spec.texts("sourceRepos")
    for index, repo in enumerate(repos):
        field = f"sourceRepos[{index}]"
        if repo == "!*":
            raise spec.error(field, "'!*' denies everything; leave the list empty for that")
        if wrong := check_glob(repo.removeprefix("!"), separator="/"):
            raise spec.error(field, f"{wrong}: {repo!r}")
    _once(spec, "sourceRepos", repos)
    return repos


def _destinations(spec: Fields) -> tuple[Permitted, ...]:
    found: list[Permitted] = []
    for index, fields in enumerate(spec.mappings("destinations")):
        place = Permitted(fields.text("server"), fields.text("name"), fields.text("namespace"))
        if not place.server and not place.name:
            raise fields.error("server", "must be given, or name: a pattern of clusters ('*' is every one)")
        for name, pattern in (("server", place.server), ("name", place.name), ("namespace", place.namespace)):
            if pattern == "!*":
                raise fields.error(name, "'!*' denies everything; leave the entry out for that")
            if wrong := check_glob(pattern.removeprefix("!")):
                raise fields.error(name, f"{wrong}: {pattern!r}")
        if place in found:
            raise spec.error(f"destinations[{index}]", "is listed twice")
        fields.close()
        found.append(place)
    return tuple(found)


def _kinds(spec: Fields, name: str, *, names: bool = False) -> KindRules:
    found: list[KindRule] = []
    for fields in spec.mappings(name):
        rule = KindRule(fields.text("group"), fields.required_text("kind"), fields.text("name") if names else "")
        for field, pattern in (("group", rule.group), ("kind", rule.kind), ("name", rule.name)):
            if wrong := check_path_glob(pattern):
                raise fields.error(field, f"{wrong}: {pattern!r}")
        fields.close()
        found.append(rule)
    return tuple(found)


def _source_namespaces(spec: Fields) -> tuple[str, ...]:
    patterns = spec.texts("sourceNamespaces")
    for index, pattern in enumerate(patterns):
        wrong = check_glob(pattern)
        if len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/"):
            wrong = _wrong_expression(pattern[1:-1])
        if wrong:
            raise spec.error(f"sourceNamespaces[{index}]", f"{wrong}: {pattern!r}")
    _once(spec, "sourceNamespaces", patterns)
    return patterns


def _wrong_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        return f"is no regular expression ({error})"
    return ""


def _windows(spec: Fields) -> tuple[SyncWindow, ...]:
    if not spec.has("syncWindows"):
        spec.ignore("syncWindows")
        return ()
    from mooring.access.closing import parse_windows  # with schedules and time zones, which few projects need

    return parse_windows(spec)


def _roles(spec: Fields, project: str) -> tuple[Role, ...]:
    found: list[Role] = []
    for index, fields in enumerate(spec.mappings("roles")):
        name = fields.required_text("name")
        if not _ROLE.fullmatch(name):
            raise fields.error("name", "must be made of letters, digits, '-', '_' and '.'")
        if any(role.name == name for role in found):
            raise spec.error(f"roles[{index}].name", f"{name!r} is the name of an earlier role")
        policies: list[Policy] = []
        for number, text in enumerate(fields.texts("policies")):
            try:
                policies.append(parse_policy(text, project, name))
            except ValueError as error:
                raise fields.error(f"policies[{number}]", f"{error}: {text!r}") from error
        groups = fields.texts("groups")
        _once(fields, "groups", groups)
        fields.ignore("jwtTokens")
        if fields.has("jwtTokens"):
            told = "tokens that Argo CD signed let nobody in here; make new ones (docs/access.md)"
            fields.warnings.append(f"{fields.path}.jwtTokens: {told}")
        found.append(Role(name, fields.text("description"), tuple(policies), groups))
        fields.close()
    return tuple(found)


def _service_accounts(spec: Fields) -> tuple[ServiceAccount, ...]:
    found: list[ServiceAccount] = []
    for fields in spec.mappings("destinationServiceAccounts"):
        rule = ServiceAccount(
            fields.required_text("server"), fields.text("namespace"), fields.required_text("defaultServiceAccount")
        )
        for name, pattern in (("server", rule.server), ("namespace", rule.namespace)):
            if "!" in pattern:
                raise fields.error(name, "must not hold a '!': the first entry that fits is taken")
            if wrong := check_glob(pattern):
                raise fields.error(name, f"{wrong}: {pattern!r}")
        if _NOT_IN_ACCOUNTS & set(rule.account) or rule.account.count(":") > 1 or not rule.account.strip():
            raise fields.error("defaultServiceAccount", "must be NAME or NAMESPACE:NAME of a service account")
        fields.close()
        found.append(rule)
    return tuple(found)


def _once(fields: Fields, name: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            raise fields.error(f"{name}[{index}]", f"{value!r} is listed twice")
        seen.add(value)
