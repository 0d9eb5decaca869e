"""`mooring project …`: what the applications of a team may take from where to which place, and when."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from mooring.errors import MooringError
from mooring_cli.client import Api
from mooring_cli.documents import read_documents
from mooring_cli.output import add_output_option, emit, warn
from mooring_cli.pages import table

__all__ = ["add_project_commands"]


def add_project_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring project create|list|get|delete`."""
    projects = commands.add_parser("project", help="what applications may do").add_subparsers(
        dest="subcommand", required=True, metavar="COMMAND"
    )
    parser = projects.add_parser("create", parents=[shared], help="create AppProjects, or change them")
    parser.add_argument(
        "-f", "--filename", required=True, metavar="FILE", help="a file, a folder of files, or - for standard input"
    )
    parser.set_defaults(run=create)

    parser = projects.add_parser("list", parents=[shared], help="a line for each project")
    add_output_option(parser)
    parser.set_defaults(run=list_projects)

    parser = projects.add_parser("get", parents=[shared], help="a project as it was declared")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("-o", "--output", choices=["yaml", "json"], default="yaml", help="how to print it")
    parser.set_defaults(run=get)

    parser = projects.add_parser("delete", parents=[shared], help="remove a project that no application names")
    parser.add_argument("name", metavar="NAME")
    parser.set_defaults(run=delete)


def create(api: Api, args: argparse.Namespace) -> int:
    """Sends every document; one that is refused does not keep the others from being sent."""
    failed = 0
    for origin, document in read_documents(args.filename):
        try:
            answer = api.call("POST", "projects", body=document)
        except MooringError as error:
            print(f"error: {error} (in {origin})", file=sys.stderr)
            failed = 1
            continue
        warn(answer.get("warnings") or [])
        print(f"project {answer['project']['metadata']['name']} declared")
    return failed


def list_projects(api: Api, args: argparse.Namespace) -> int:
    """`mooring project list`."""
    answer = api.call("GET", "projects")
    rows = []
    for project in answer.get("items") or []:
        spec = project.get("spec") or {}
        counts = [str(len(spec.get(name) or ())) for name in ("sourceRepos", "destinations", "syncWindows")]
        rows.append((project["metadata"]["name"], spec.get("description", ""), *counts))
    emit(args, answer, lambda: table(["NAME", "DESCRIPTION", "SOURCES", "DESTINATIONS", "WINDOWS"], rows))
    return 0


def get(api: Api, args: argparse.Namespace) -> int:
    """Prints it so that `create` takes it back."""
    emit(args, api.call("GET", "projects", args.name), str)
    return 0


def delete(api: Api, args: argparse.Namespace) -> int:
    """Removes one project."""
    api.call("DELETE", "projects", args.name)
    print(f"project {args.name} deleted")
    return 0
