"""The objects that policies speak of, found from requests.

Applications and what belongs to a project as they do are `PROJECT/NAME`, or `PROJECT/NAMESPACE/NAME` outside of
`argocd`; what is not there has `*` for its project, so that only who may see all of its kind hears that it isn't.
Source: Argo CD documentation, "RBAC Configuration".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mooring.access.rbac import named
from mooring.model.application import AppKey
from mooring.model.promotionkey import PromotionKey
from mooring.model.setkey import SetKey
from mooring.model.settemplate import project_of_set

if TYPE_CHECKING:
    from declared import Arguments
    from desk import Desk

    from mooring.state.clusters import Cluster

__all__ = [
    "NOWHERE",
    "application",
    "changed_cluster",
    "cluster",
    "declared_application",
    "declared_cluster",
    "declared_project",
    "declared_promotion",
    "declared_repository",
    "declared_root",
    "declared_set",
    "declared_updater",
    "drift",
    "named_by_query",
    "place",
    "project_of",
    "promotion",
    "queried_repository",
    "set_",
    "synced",
    "template_project",
    "updater",
    "visible",
]

NOWHERE = "*"


def project_of(desk: Desk, key: AppKey) -> str:
    """The project of a declared application; `*` where there is none."""
    spec = desk.record(key).spec
    return _nowhere(desk) if spec is None else spec.application.project


def _nowhere(desk: Desk) -> str:
    desk.absent = True
    return NOWHERE


def visible(desk: Desk, names: Iterable[str]) -> set[str]:
    """Which of these applications (NAMESPACE/NAME) the caller may see; specs are read a hundred a request."""
    asked = set(names)
    if desk.unlimited:
        return asked
    keys = [AppKey.parse(name) for name in sorted(asked)]
    specs = desk.composition.applications.specs(keys)
    projects = {key: specs[key].application.project if key in specs else NOWHERE for key in keys}
    return {str(key) for key, project in projects.items() if desk.may("applications", "get", named(project, key))}


def application(desk: Desk, places: Arguments) -> str:
    """The application: PROJECT/NAME, or PROJECT/NAMESPACE/NAME."""
    key = desk.key(places["name"])
    return named(project_of(desk, key), key)


def synced(desk: Desk, places: Arguments) -> list[tuple[str, str]]:
    """The application: `sync`, and `override` for another revision where the settings ask for that."""
    key, body = desk.key(places["name"]), _mapping(desk.body())
    target = named(project_of(desk, key), key)
    if not (body.get("revision") or body.get("revisions")):
        return [("sync", target)]
    data, _ = desk.composition.registry.health_scripts.state()
    asks = data.get("application.sync.requireOverridePrivilegeForRevisionSync", "false") == "true"
    return [("sync", target), ("override", target)] if asks else [("sync", target)]


def named_by_query(desk: Desk, places: Arguments) -> str:
    """The application that `app` names; `*/*` without it."""
    name = desk.query.get("app", "")
    if not name:
        return "*/*"
    key = AppKey.parse(name)
    return named(project_of(desk, key), key)


def declared_application(desk: Desk, places: Arguments) -> list[tuple[str, str]]:
    """The application: `create`, or `update` of what it was and of what it is to be."""
    key, spec = AppKey.parse(desk.declared_name()), _mapping(desk.body(), "spec")
    before, after = project_of(desk, key), named(_text(spec, "project") or "default", key)
    return [("create", after)] if before == NOWHERE else [("update", named(before, key)), ("update", after)]


def declared_root(desk: Desk, places: Arguments) -> list[tuple[str, str]]:
    """The application: `create`, or `update` of what it was and of what it is to be."""
    form = _mapping(desk.body())
    key = AppKey.parse(_text(form, "name") or "root")
    before, after = project_of(desk, key), named(_text(form, "project") or "default", key)
    return [("create", after)] if before == NOWHERE else [("update", named(before, key)), ("update", after)]


def place(desk: Desk, places: Arguments) -> str:
    """Its name."""
    return places["name"]


def cluster(desk: Desk, places: Arguments) -> str:
    """The cluster's address, behind PROJECT/ where it belongs to one."""
    found = _registered(desk, places["name"])
    return NOWHERE if found is None else _scoped(found.project, found)


def declared_cluster(desk: Desk, places: Arguments) -> list[tuple[str, str]]:
    """The cluster's address: `create`, or `update` of what it was and of what it is to be."""
    from mooring.model.clusterforms import read_cluster_form, read_cluster_secret

    name, document = places.get("name"), desk.body()
    form = read_cluster_secret(document, []) if name is None else read_cluster_form(name, document, [])
    before, address = _registered(desk, form.name), form.server or NOWHERE
    project = form.project if form.project is not None or before is None else before.project
    after = f"{project}/{address}" if project else address
    return [("create", after)] if before is None else [("update", _scoped(before.project, before)), ("update", after)]


def changed_cluster(desk: Desk, places: Arguments) -> list[tuple[str, str]]:
    """The cluster's address: `update` of what it was and of what it is to be."""
    found, project = _registered(desk, places["name"]), _mapping(desk.body()).get("project")
    if found is None:
        return [("update", NOWHERE)]
    after = project if isinstance(project, str) else found.project
    return [("update", _scoped(found.project, found)), ("update", _scoped(after, found))]


def _registered(desk: Desk, name: str) -> Cluster | None:
    return next((each for each in desk.composition.registry.clusters() if each.name == name), None)


def _scoped(project: str, cluster: Cluster) -> str:
    address = cluster.server or cluster.name
    return f"{project}/{address}" if project else address


def declared_project(desk: Desk, places: Arguments) -> list[tuple[str, str]]:
    """The project's name: `create`, or `update` where it is declared."""
    name = _text(_mapping(desk.body(), "metadata"), "name")
    known = bool(name) and desk.composition.registry.projects.document(name) is not None
    return [("update" if known else "create", name)]


def queried_repository(desk: Desk, places: Arguments) -> str:
    """The repository's address."""
    return desk.query.get("url", "")


def declared_repository(desk: Desk, places: Arguments) -> list[tuple[str, str]]:
    """The repository's address (a project falls away): `create`, or `update` where it is registered."""
    from mooring.model.repositoryforms import is_secret, read_repository_secret

    document = desk.body()
    url = _text(read_repository_secret(document, []) if is_secret(document) else _mapping(document), "url").strip()
    known = any(each.url == url for each in desk.composition.registry.registrations())
    return [("update" if known else "create", url)]


def set_(desk: Desk, places: Arguments) -> str:
    """The ApplicationSet with the project of its template: PROJECT/NAME, or PROJECT/NAMESPACE/NAME."""
    key = AppKey.parse(desk.qualified(places["name"]))
    return named(_set_project(desk, key) or _nowhere(desk), key)


def declared_set(desk: Desk, places: Arguments) -> list[tuple[str, str]]:
    """The ApplicationSet: `create`, or `update` of what it was and of what it is to be."""
    key = AppKey.parse(desk.declared_name())
    before, after = _set_project(desk, key), named(template_project(_mapping(desk.body())), key)
    return [("update", named(before, key)), ("update", after)] if before else [("create", after)]


def _set_project(desk: Desk, key: AppKey) -> str:
    own = SetKey.parse(str(key))
    spec = desk.composition.registry.sets.load([own])[own].spec
    return "" if spec is None else template_project(spec.application_set.declared)


def template_project(document: Mapping[str, Any]) -> str:
    """The project that a set's applications are in; where that is not one, only who may do it in all."""
    return project_of_set(document)


def promotion(desk: Desk, places: Arguments) -> str:
    """The promotion: PROJECT/NAME, or PROJECT/NAMESPACE/NAME."""
    key = AppKey.parse(desk.qualified(places["name"]))
    return named(_promotion_project(desk, key) or _nowhere(desk), key)


def declared_promotion(desk: Desk, places: Arguments) -> list[tuple[str, str]]:
    """The promotion: `create`, or `update` of what it was and of what it is to be."""
    key = AppKey.parse(desk.declared_name())
    before = _promotion_project(desk, key)
    after = named(_text(_mapping(desk.body(), "spec"), "project") or "default", key)
    return [("update", named(before, key)), ("update", after)] if before else [("create", after)]


def _promotion_project(desk: Desk, key: AppKey) -> str:
    own = PromotionKey.parse(str(key))
    spec = desk.composition.registry.promotions.load([own])[own].spec
    return "" if spec is None else spec.promotion.project


def updater(desk: Desk, places: Arguments) -> str:
    """The ImageUpdater, which belongs to no project: `*/NAME`, or `*/NAMESPACE/NAME`."""
    return named(NOWHERE, desk.key(places["name"]))


def declared_updater(desk: Desk, places: Arguments) -> list[tuple[str, str]]:
    """The ImageUpdater, which belongs to no project: `create`, or `update` where it is declared."""
    key = AppKey.parse(desk.declared_name())
    known = key in desk.composition.registry.image_updaters.load([key])
    return [("update" if known else "create", named(NOWHERE, key))]


def drift(desk: Desk, places: Arguments) -> str:
    """The application that has drifted: PROJECT/NAME, or PROJECT/NAMESPACE/NAME."""
    applications = desk.composition.applications
    record = applications.drifts.find([each.key for each in applications.registered()], places["name"].upper())
    if record is None:
        return f"{_nowhere(desk)}/{places['name']}"
    key = AppKey.parse(record.app)
    return named(project_of(desk, key), key)


def _mapping(document: Any, name: str = "") -> Mapping[str, Any]:
    found = document.get(name) if name and isinstance(document, dict) else document
    return found if isinstance(found, dict) else {}


def _text(document: Mapping[str, Any], name: str) -> str:
    found = document.get(name, "")
    return found if isinstance(found, str) else ""
