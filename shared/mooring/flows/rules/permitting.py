"""What its project permits an application, asked wherever something is about to happen.

Three places ask: the API before it keeps a declaration, `render` before it reads a repository, and `sync` before it
plans, and again (with everything that it is about to write or delete) before the first step. They ask for the project
as it is now, so a changed project counts without any application being declared again. What is refused stays as it is
in the cluster. The decisions themselves are `mooring.access`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mooring.access.project import Place, Project, Refusal
from mooring.access.rules import (
    cluster_allowed,
    destination_allowed,
    kind_allowed,
    namespace_allowed,
    service_account,
    source_allowed,
)
from mooring.errors import ConfigurationError, ForbiddenError
from mooring.model.application import Application, is_registered
from mooring.model.moments import told_time
from mooring.model.objects import Manifest, ObjectKey
from mooring.plan.inventory import Entry, Inventory
from mooring.plan.steps import Plan, Step
from mooring.state.clusters import IN_CLUSTER, Cluster, find_cluster
from mooring.state.projects import Projects
from mooring.state.registry import Known

__all__ = [
    "NotPermittedError",
    "acting_for",
    "permit_application",
    "permit_declared",
    "permit_namespace",
    "permit_objects",
    "permit_opening",
    "permit_plan",
    "permit_reading",
    "permit_source",
    "permitted_part",
    "refuse",
    "why_closed",
]

_DEFAULT_SERVER = "https://kubernetes.default.svc"
_TOLD = 5  # refused objects that a message names


class NotPermittedError(ForbiddenError):
    """A project does not permit what an application asks for."""


def permit_application(project: Project, application: Application, cluster: Cluster | None) -> None:
    """Raises `NotPermittedError` where a project does not permit an application's namespace, sources or destination.

    `cluster` is what its destination means; without one nothing can be synced, and nothing is said about it.
    """
    refusals = [
        namespace_allowed(project, application.key.namespace),
        *(source_allowed(project, source.repo_url) for source in application.sources),
    ]
    if cluster is not None:
        place = _place(application, cluster)
        refusals.append(destination_allowed(project, place, application.destination.namespace))
        refusals.append(cluster_allowed(project, place, cluster.project))
    refused = next((each for each in refusals if each is not None), None)
    if refused is not None:
        raise _forbidden(refused, application)


def permit_declared(known: Known, projects: Projects, application: Application) -> None:
    """As `permit_application`, of what is registered; raises `ConfigurationError` for a project that is not there."""
    try:
        cluster = find_cluster(known.clusters, application.destination)
    except ConfigurationError:
        cluster = None  # a destination may be registered later
    permit_application(projects.find(application.project, known.projects), application, cluster)


def permit_source(project: Project, application: Application, address: str) -> None:
    """Raises `NotPermittedError` where a project does not permit a repository that an application's sources lead to."""
    refused = source_allowed(project, address)
    if refused is not None:
        raise _forbidden(refused, application)


def permit_reading(project: Project, cluster: Cluster, namespace: str) -> None:
    """Raises `NotPermittedError` where a project's applications may not live in a namespace whose Secrets they name."""
    place = _registered(cluster)
    refuse(cluster_allowed(project, place, cluster.project))
    refuse(destination_allowed(project, place, namespace))


def permit_opening(project: Project, application: Application, cluster: Cluster, source: ObjectKey) -> None:
    """Raises `NotPermittedError` where what a source of secrets makes would not be permitted in the key's namespace:
    then nothing is read for it, and nobody's service account or store is used.
    """
    refuse(_refusal(project, _place(application, cluster), source))


def refuse(refused: Refusal | None) -> None:
    """Raises `NotPermittedError` where there is a refusal; of one of many things, whose name the caller tells."""
    if refused is not None:
        raise NotPermittedError(str(refused))


def permit_plan(project: Project, application: Application, cluster: Cluster, plan: Plan) -> None:
    """Raises `NotPermittedError` naming every object (the first five) that a plan would write or delete unpermitted."""
    permit_objects(project, application, cluster, _keys(plan))


def permit_objects(project: Project, application: Application, cluster: Cluster, keys: Iterable[ObjectKey]) -> None:
    """As `permit_plan`, of objects that are written otherwise."""
    place = _place(application, cluster)
    refused: list[Refusal] = []
    for key in dict.fromkeys(keys):
        refusal = _refusal(project, place, key)
        if refusal is not None and refusal not in refused:
            refused.append(refusal)
    if not refused:
        return
    more = f"; and {len(refused) - _TOLD} more" if len(refused) > _TOLD else ""
    raise NotPermittedError("; ".join(str(each) for each in refused[:_TOLD]) + more)


def permit_namespace(project: Project, application: Application, cluster: Cluster) -> None:
    """Raises `NotPermittedError` where `CreateNamespace=true` must not make or label the destination's namespace."""
    key = ObjectKey("", "Namespace", "", application.destination.namespace)
    refused = _refusal(project, _place(application, cluster), key)
    if refused is not None:
        raise _forbidden(refused, application)


def acting_for(project: Project, application: Application, cluster: Cluster) -> str:
    """The user that writes and deletes for an application; empty for ourselves, where its project names nobody.

    Raises `NotPermittedError` where the project names service accounts and none of them for this destination.
    """
    namespace = application.destination.namespace
    found = service_account(project, _place(application, cluster), namespace, application.key.namespace)
    if isinstance(found, Refusal):
        raise _forbidden(found, application)
    return found or ""


def permitted_part(
    project: Project, application: Application, cluster: Cluster, inventory: Mapping[ObjectKey, Entry]
) -> Inventory:
    """What of an inventory may be deleted with its application; the rest stays in the cluster, as in Argo CD."""
    place = _place(application, cluster)
    return {key: entry for key, entry in inventory.items() if _refusal(project, place, key) is None}


def why_closed(
    project: Project, application: Application, cluster: Cluster, now: float, *, manual: bool, started: float | None
) -> str:
    """Why a sync window keeps an application from being synced now; empty where none does.

    `manual` says that a person asked for the sync, `started` when it began (seconds since the epoch), if it has.
    """
    if not project.windows:
        return ""
    from mooring.access.windows import matching, may_sync  # with time zones, which few projects need

    place = _place(application, cluster)
    windows = matching(project.windows, application.key.name, place, application.destination.namespace)
    verdict = may_sync(windows, now, manual=manual, started=started)
    if verdict.window is None:
        return ""
    window = verdict.window
    until = ""
    if verdict.changes is not None:
        until = f" until {told_time(verdict.changes)}"
    how = "is open" if window.kind == "deny" else "is not open"
    advice = "" if manual or not window.manual_sync else "; a sync by hand goes through"
    return f"syncs are held back{until}: the {window} of project {project.name!r} {how}{advice}"


def _keys(plan: Plan) -> Iterator[ObjectKey]:
    for wave in (*plan.waves, *plan.on_failure):
        yield from (_asked(step) for step in wave.steps)
        yield from (_key(hook.manifest) for hook in wave.hooks)


def _asked(step: Step) -> ObjectKey:
    """What has to be permitted: of an opened object the kind that stands in git, in the namespace that it goes to."""
    source = None if step.wanted is None else step.wanted.source
    return step.key if source is None else ObjectKey(source.group, source.kind, step.key.namespace, source.name)


def _key(manifest: Manifest) -> ObjectKey:
    metadata = manifest["metadata"]
    name = str(metadata.get("name") or metadata.get("generateName"))
    return ObjectKey(manifest["apiVersion"].rpartition("/")[0], manifest["kind"], metadata.get("namespace") or "", name)


def _refusal(project: Project, place: Place, key: ObjectKey) -> Refusal | None:
    """Why a project does not permit an object. What goes to the registry is asked for as in the cluster where Argo CD
    would run, whatever the application's destination: who may write applications there decides over all of them.
    """
    if is_registered(key.group, key.kind) and _DEFAULT_SERVER not in place.servers:
        place = Place((_DEFAULT_SERVER,), (IN_CLUSTER,))
    refused = kind_allowed(project, key.group, key.kind, key.name, namespaced=bool(key.namespace))
    if refused is None and key.namespace:
        refused = destination_allowed(project, place, key.namespace)
    return refused


def _place(application: Application, cluster: Cluster) -> Place:
    """A cluster under every name that rules use: the application's, the registered, and Argo CD's own."""
    destination = application.destination
    known = _registered(cluster)
    return Place(
        _distinct([destination.server.rstrip("/"), *known.servers]), _distinct([destination.name, *known.names])
    )


def _registered(cluster: Cluster) -> Place:
    names, servers = [cluster.name], [cluster.server]
    if cluster.default:
        names.append(IN_CLUSTER)
        servers.append(_DEFAULT_SERVER)
    return Place(_distinct(servers), _distinct(names))


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _forbidden(refused: Refusal, application: Application) -> NotPermittedError:
    return NotPermittedError(str(refused), subject=str(application.key))
