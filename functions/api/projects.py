"""The routes of projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import EACH, PAGES, Access
from objects import declared_project, place

from mooring.flows.asked.projects import (
    UnknownProjectError,
    declare_project,
    delete_project,
    list_projects,
    show_project,
)
from mooring.flows.syncs.orphans import orphans_of

if TYPE_CHECKING:
    from declared import Arguments
    from desk import Desk

__all__ = ["add_project_routes"]


def add_project_routes(desk: Desk) -> None:
    """Adds what `mooring project` asks for."""
    composition, projects = desk.composition, desk.composition.registry.projects
    desk.missing(UnknownProjectError)

    def document(desk: Desk, places: Arguments) -> Any:
        name = places.get("name") or declared_project(desk, places)[0][1]
        return projects.document(name) if name else None

    @desk.get(
        "/api/v1/projects",
        does="The projects by name; `default` among them in any case",
        access=Access("projects", "get", EACH),
        tag="projects",
        query=PAGES,
        answers="Projects",
    )
    def list_all_projects() -> Any:
        found = [(each["metadata"]["name"], each) for each in list_projects(projects)]
        return desk.page((name, each) for name, each in found if desk.may("projects", "get", name))

    @desk.post(
        "/api/v1/projects",
        does="Declares a project",
        access=Access("projects", "create", declared_project),
        tag="projects",
        body="Project",
        answers="DeclaredProject",
        document=document,
    )
    def post_project() -> Any:
        parsed = declare_project(projects, desk.body())
        return {"project": parsed.project.declared, "warnings": parsed.warnings}

    @desk.get(
        "/api/v1/projects/<name>",
        does="One project as it was declared",
        access=Access("projects", "get", place),
        tag="projects",
        answers="ShownProject",
        document=document,
    )
    def get_project(name: str) -> Any:
        shown = show_project(projects, name)
        if shown["spec"].get("orphanedResources") is not None:
            shown = {**shown, "status": {"orphanedResources": orphans_of(composition.applications, name)}}
        return shown

    @desk.delete(
        "/api/v1/projects/<name>",
        does="Removes a project that no application names",
        access=Access("projects", "delete", place),
        tag="projects",
        document=document,
    )
    def remove_project(name: str) -> None:
        delete_project(projects, composition.applications, name)
