"""The rules of a project: each takes what is asked for and returns None, or a refusal that names the rule.

What a rule means is Argo CD's ("Projects", and the types' `IsSourcePermitted`, `IsDestinationPermitted`,
`IsGroupKindNamePermitted` and `IsAppNamespacePermitted`). Something must be allowed by one entry and denied by none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mooring.access.addresses import allowed_form, place_of, server_form
from mooring.access.globs import is_denial, matches, matches_path
from mooring.access.project import KindRules, Place, Project, Refusal
from mooring.model.application import DEFAULT_NAMESPACE

__all__ = [
    "cluster_allowed",
    "destination_allowed",
    "kind_allowed",
    "namespace_allowed",
    "service_account",
    "source_allowed",
]


def source_allowed(project: Project, address: str) -> Refusal | None:
    """Whether applications may take manifests from a repository."""
    form, place = allowed_form(address), place_of(address)
    allowed = False
    for index, rule in enumerate(project.source_repos):
        if not is_denial(rule):
            allowed = allowed or matches(allowed_form(rule), form, separator="/")
        elif matches(allowed_form(rule[1:]), form, separator="/") or matches(place_of(rule[1:]), place, separator="/"):
            advice = f"{rule!r} denies it: use another repository, or change the project"
            return Refusal(project.name, f"spec.sourceRepos[{index}]", f"the repository {address}", advice)
    if allowed:
        return None
    advice = "add it, or use one of " + (", ".join(project.source_repos) or "none")
    return Refusal(project.name, "spec.sourceRepos", f"the repository {address}", advice)


def destination_allowed(project: Project, place: Place, namespace: str) -> Refusal | None:
    """Whether objects may live in a namespace of a cluster."""
    value = f"the namespace {namespace!r} of the cluster {place}"
    allowed, servers = False, [server_form(each) for each in place.servers]
    for index, rule in enumerate(project.destinations):
        by_name = _among(rule.name, place.names)
        by_server = _among(server_form(rule.server), servers)
        by_namespace = _among(rule.namespace, (namespace,))
        if (by_name or by_server) and by_namespace:
            allowed = True
            continue
        for field, pattern, fits in (
            ("name", rule.name, by_name),
            ("server", rule.server, by_server),
            ("namespace", rule.namespace, by_namespace),
        ):
            if not fits and is_denial(pattern):
                advice = f"{pattern!r} denies it: use another destination, or change the project"
                return Refusal(project.name, f"spec.destinations[{index}].{field}", value, advice)
    if allowed:
        return None
    return Refusal(project.name, "spec.destinations", value, "add it, or use another destination")


def cluster_allowed(project: Project, place: Place, owner: str) -> Refusal | None:
    """Whether a cluster may be used that belongs to the project `owner`, or to none (Argo CD, "Projects").

    A cluster that belongs to a project is used by that one alone.
    """
    if owner and owner != project.name:
        return Refusal(
            project.name, "the cluster's project", f"the cluster {place}", f"it belongs to the project {owner!r} alone"
        )
    if not owner and project.own_clusters_only:
        advice = f"register the cluster with project {project.name!r}, or use one that is"
        return Refusal(project.name, "spec.permitOnlyProjectScopedClusters", f"the cluster {place}", advice)
    return None


def _among(pattern: str, values: Sequence[str]) -> bool:
    if is_denial(pattern):
        return bool(values) and not any(matches(pattern[1:], value) for value in values)
    return any(matches(pattern, value) for value in values)


def kind_allowed(project: Project, group: str, kind: str, name: str, *, namespaced: bool) -> Refusal | None:
    """Whether objects of a kind may be written or deleted; cluster-scoped ones only where they are listed."""
    told = f"{group}/{kind}" if group else kind
    if namespaced:
        allowed, denied = project.namespaced_allowed, project.namespaced_denied
        lists, value = ("spec.namespaceResourceWhitelist", "spec.namespaceResourceBlacklist"), f"objects of kind {told}"
        name = ""
    else:
        allowed, denied = project.cluster_allowed, project.cluster_denied
        lists = ("spec.clusterResourceWhitelist", "spec.clusterResourceBlacklist")
        value = f"the cluster-scoped {told} {name}"
    if allowed is not None and _listed(allowed, group, kind, name) is None:
        advice = f"add group {group!r}, kind {kind!r} to that list, or leave the object out"
        return Refusal(project.name, lists[0], value, advice)
    index = _listed(denied, group, kind, name)
    if index is not None:
        return Refusal(project.name, f"{lists[1]}[{index}]", value, "it is denied: leave it out, or change the project")
    return None


def _listed(rules: KindRules, group: str, kind: str, name: str) -> int | None:
    for index, rule in enumerate(rules):
        fits = matches_path(rule.kind, kind) and matches_path(rule.group, group)
        if fits and (not rule.name or matches_path(rule.name, name)):
            return index
    return None


def namespace_allowed(project: Project, namespace: str) -> Refusal | None:
    """Whether applications of the project may be declared in a namespace; in `argocd` they always may.

    An entry in slashes is a regular expression, any other a glob (Argo CD, "Applications in any namespace").
    """
    if namespace == DEFAULT_NAMESPACE:
        return None
    for rule in project.source_namespaces:
        expression = len(rule) > 2 and rule.startswith("/") and rule.endswith("/")
        if re.search(rule[1:-1], namespace) if expression else matches(rule, namespace):
            return None
    advice = f"add {namespace!r} to that list, or declare the application in {DEFAULT_NAMESPACE!r}"
    return Refusal(project.name, "spec.sourceNamespaces", f"applications in the namespace {namespace!r}", advice)


def service_account(project: Project, place: Place, namespace: str, app_namespace: str) -> str | Refusal | None:
    """The user name as which objects are written: of the first entry that fits, None where the project has no entries.

    A project with entries of which none fits refuses (Argo CD, "Application Sync using impersonation").
    """
    for rule in project.service_accounts:
        server = server_form(rule.server)
        if any(matches(server, server_form(each)) for each in place.servers) and matches(rule.namespace, namespace):
            home, colon, name = rule.account.rpartition(":")
            return f"system:serviceaccount:{home if colon else namespace or app_namespace}:{name}"
    if not project.service_accounts:
        return None
    value = f"a sync into the namespace {namespace!r} of the cluster {place}"
    return Refusal(project.name, "spec.destinationServiceAccounts", value, "add a service account for it")
