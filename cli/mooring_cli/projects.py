"""`mooring project …`: what the applications of a team may take from where to which place, and when."""

from __future__ import annotations

import sys
from typing import Any

import click

from mooring.errors import MooringError
from mooring_cli.client import Api
from mooring_cli.completion import project_names
from mooring_cli.documents import read_documents
from mooring_cli.frame import Group, prints
from mooring_cli.output import Output, warn
from mooring_cli.projectroles import add_destination, add_source, remove_destination, remove_source, role
from mooring_cli.tables import Page, table

__all__ = ["projects"]

projects = Group("project", "what applications may do")
for each in (role, add_source, remove_source, add_destination, remove_destination):
    projects.add_command(each)


@projects.verb("create", "create AppProjects, or change them")
@click.option(
    "-f", "--filename", required=True, metavar="FILE", help="a file, a folder of files, or - for standard input"
)
def create(api: Api, filename: str) -> int:
    """Sends every document; one that is refused does not keep the others from being sent."""
    failed = 0
    for origin, document in read_documents(filename):
        try:
            answer = api.call("POST", "projects", body=document)
        except MooringError as error:
            print(f"error: {error} (in {origin})", file=sys.stderr)
            failed = 1
            continue
        warn(answer.get("warnings") or [])
        print(f"project {answer['project']['metadata']['name']} declared")
    return failed


@projects.verb("list", "a line for each project")
@prints(watch=True)
def list_projects(api: Api, out: Output) -> int:
    """`mooring project list`."""
    answer = api.whole("projects")
    rows = []
    for project in answer.get("items") or []:
        spec = project.get("spec") or {}
        counts = [str(len(spec.get(name) or ())) for name in ("sourceRepos", "destinations", "syncWindows")]
        rows.append((project["metadata"]["name"], spec.get("description", ""), *counts))
    out.emit(answer, lambda: table(["NAME", "DESCRIPTION", "SOURCES", "DESTINATIONS", "WINDOWS"], rows))
    return 0


@projects.verb("get", "a project as it was declared")
@click.argument("name", shell_complete=project_names)
@prints(default="yaml", watch=True)
def get(api: Api, out: Output, name: str) -> int:
    """Prints it so that `create` takes it back, unless a table is asked for."""
    found = api.call("GET", "projects", name)
    out.emit(found, lambda: _page(found))
    return 0


def _page(project: dict[str, Any]) -> Page:
    spec = project.get("spec") or {}
    facts = {
        "Name": project["metadata"]["name"],
        "Description": spec.get("description"),
        "Sources": ", ".join(spec.get("sourceRepos") or ()),
        "Roles": ", ".join(each["name"] for each in spec.get("roles") or ()),
        "Orphans": len(((project.get("status") or {}).get("orphanedResources")) or ()),
    }
    places = [
        (each.get("name") or each.get("server"), each.get("namespace")) for each in spec.get("destinations") or ()
    ]
    windows = [
        (each.get("kind"), each.get("schedule"), each.get("duration"), ", ".join(each.get("applications") or ()))
        for each in spec.get("syncWindows") or ()
    ]
    return [
        "\n".join(f"{name + ':':<14}{value}" for name, value in facts.items() if value),
        table(["DESTINATION", "NAMESPACE"], places),
        *([table(["WINDOW", "SCHEDULE", "DURATION", "APPLICATIONS"], windows)] if windows else []),
    ]


@projects.verb("delete", "remove a project that no application names")
@click.argument("name", shell_complete=project_names)
def delete(api: Api, name: str) -> int:
    """Removes one project."""
    api.call("DELETE", "projects", name)
    print(f"project {name} deleted")
    return 0
