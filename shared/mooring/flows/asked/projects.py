"""Declaring projects: read strictly, kept as written, in force from the next invocation of every function on.

A project can be removed when no application names it; `default` goes back to permitting everything. Nothing in a
cluster changes by any of this: what a project forbids by now stays as it is, and is not synced any more.
"""

from __future__ import annotations

from mooring.access.parsing import ParsedProject, built_in, parse_project
from mooring.access.project import DEFAULT_PROJECT
from mooring.errors import ConfigurationError
from mooring.model.objects import Manifest
from mooring.state.applications import Applications
from mooring.state.projects import Projects

__all__ = ["UnknownProjectError", "declare_project", "delete_project", "list_projects", "show_project"]

_NAMED = 5  # applications that a message names


class UnknownProjectError(ConfigurationError):
    """No project of this name is declared."""


def declare_project(projects: Projects, document: object) -> ParsedProject:
    """Creates a project, or replaces it. Raises `ConfigurationError` naming the field that is wrong."""
    parsed = parse_project(document)
    projects.put(parsed.project)
    return parsed


def list_projects(projects: Projects) -> list[Manifest]:
    """All projects as they were declared, by name; `default` among them in any case."""
    return [show_project(projects, name) for name in sorted({DEFAULT_PROJECT, *projects.names()})]


def show_project(projects: Projects, name: str) -> Manifest:
    """A project as it was declared. Raises `UnknownProjectError`."""
    declared = projects.document(name)
    if declared is None and name == DEFAULT_PROJECT:
        return built_in().declared
    if declared is None:
        raise UnknownProjectError("no project of this name is declared", subject=name)
    return declared


def delete_project(projects: Projects, applications: Applications, name: str) -> None:
    """Removes a project. Raises `UnknownProjectError`, and `ConfigurationError` while applications name it."""
    if projects.document(name) is None:
        raise UnknownProjectError("no project of this name is declared", subject=name)
    keys = [listed.key for listed in applications.registered()]
    users = sorted(
        str(record.key)
        for record in applications.sources(keys).values()
        if record.spec is not None and record.spec.application.project == name
    )
    if users and name != DEFAULT_PROJECT:
        more = f" and {len(users) - _NAMED} more" if len(users) > _NAMED else ""
        told = f"is named by {', '.join(users[:_NAMED])}{more}; move them to another project, or delete them first"
        raise ConfigurationError(told, subject=f"project {name}")
    projects.remove(name)
