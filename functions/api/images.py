"""The routes of images that are kept up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import EACH, NAMESPACE, PAGES, Access, Param
from objects import declared_updater, named_by_query, updater, visible

from mooring.access.rbac import named
from mooring.flows.asked.declaring import UnknownApplicationError
from mooring.flows.images.asking import ask_plan, ask_update, get_plan, list_images
from mooring.flows.images.updaters import UnknownUpdaterError, declare_updater, delete_updater, list_updaters
from mooring.model.application import AppKey
from mooring.state.images import ImageStates

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["add_image_routes"]

_OF = (Param("app", "Of this application, NAMESPACE/NAME or NAME; of all where none is given"),)


def add_image_routes(desk: Desk) -> None:
    """Adds what `mooring image` asks for."""
    composition = desk.composition
    desk.missing(UnknownUpdaterError, UnknownApplicationError)

    @desk.get(
        "/api/v1/images",
        does="How images that are kept up to date stand, a row for each",
        access=Access("applications", "get", EACH),
        tag="images",
        query=(*_OF, *PAGES),
        answers="Images",
    )
    def list_image_states() -> Any:
        rows = list_images(composition.ask_ports(), ImageStates(composition.table), desk.query)
        return desk.page((f"{each['application']} {each['alias']}", each) for each in _seen(desk, rows))

    @desk.post(
        "/api/v1/images/plan",
        does="Has it worked out what would be written now",
        access=Access("applications", "get", named_by_query),
        tag="images",
        query=_OF,
        status=202,
        answers="AskedPlan",
    )
    def plan_images() -> Any:
        ports, states = composition.ask_ports(), ImageStates(composition.table)
        return {"plan": {"id": ask_plan(ports, states, desk.query, desk.caller.name)}}

    @desk.get(
        "/api/v1/images/plan/<name>",
        does="What would be written, once it is known; kept for an hour",
        access=Access("applications", "get", EACH),
        tag="images",
        answers="ImagePlan",
    )
    def get_image_plan(name: str) -> Any:
        plan = get_plan(ImageStates(composition.table), name)
        told = {part: _seen(desk, plan[part]) for part in ("updates", "notes") if part in plan}
        return {**plan, **told}

    @desk.post(
        "/api/v1/images/update",
        does="Has images looked at now, and what is newer written",
        access=Access("applications", "sync", named_by_query),
        tag="images",
        query=_OF,
        status=202,
        answers="LookedAt",
    )
    def update_images() -> Any:
        keys = ask_update(composition.ask_ports(), desk.query, desk.caller.name)
        return {"applications": [str(key) for key in keys]}

    @desk.get(
        "/api/v1/imageupdaters",
        does="The declared ImageUpdaters",
        access=Access("imageupdaters", "get", EACH),
        tag="images",
        query=PAGES,
        answers="ImageUpdaters",
    )
    def list_image_updaters() -> Any:
        rows = list_updaters(composition.ask_ports())
        return desk.page((_object(each), each) for each in rows if desk.may("imageupdaters", "get", _object(each)))

    @desk.post(
        "/api/v1/imageupdaters",
        does="Declares an ImageUpdater",
        access=Access("imageupdaters", "create", declared_updater),
        tag="images",
        body="ImageUpdater",
        answers="DeclaredImageUpdater",
    )
    def declare_image_updater() -> Any:
        document = desk.body()
        parsed = declare_updater(composition.ask_ports(), document, desk.caller.name)
        return {"imageUpdater": document, "warnings": parsed.warnings}

    @desk.delete(
        "/api/v1/imageupdaters/<name>",
        does="Removes an ImageUpdater; what it had written stays",
        access=Access("imageupdaters", "delete", updater),
        tag="images",
        query=(NAMESPACE,),
    )
    def delete_image_updater(name: str) -> None:
        delete_updater(composition.ask_ports(), desk.key(name))


def _seen(desk: Desk, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = visible(desk, (each["application"] for each in rows))
    return [each for each in rows if each["application"] in names]


def _object(document: Any) -> str:
    metadata = document["metadata"]
    return named("*", AppKey(metadata.get("namespace") or "argocd", metadata["name"]))
