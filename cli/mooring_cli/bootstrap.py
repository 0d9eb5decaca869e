"""`mooring bootstrap`: points an installation at the repository that declares everything else, and waits for it."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from mooring.errors import TransientError
from mooring_cli.client import Api
from mooring_cli.frame import SECONDS, verb
from mooring_cli.lateness import WaitError
from mooring_cli.output import warn
from mooring_cli.secrets import login_options, read_login
from mooring_cli.waiting import Goal

__all__ = ["bootstrap"]


@verb("bootstrap", "declare the root application, from which everything else follows")
@click.option("--repo", required=True, metavar="URL", help="The repository of the root application.")
@click.option("--path", default=".", help="Its folder with Applications and AppProjects (default: the top).")
@click.option("--revision", default="HEAD", help="Branch, tag or commit (default: HEAD).")
@click.option("--name", default="root", help="The root application's name (default: root).")
@click.option("--project", default="default", help="The root application's project (default: default).")
@login_options
@click.option("--async", "asynchronous", is_flag=True, help="Declare it and return.")
@click.option("--timeout", type=SECONDS, default=300.0, help="Give up after (default: 300; 0 means never).")
def bootstrap(
    api: Api, repo: str, path: str, revision: str, name: str, project: str, asynchronous: bool, timeout: float,
    **login: str | None,
) -> int:  # fmt: skip
    """Registers the credentials, declares the root, and follows it and its children until all are well."""
    if credential := read_login(login):
        warn(api.call("PUT", "repositories", body={"url": repo, **credential}).get("warnings") or [])
        print(f"repository {repo} registered")
    asked = {"repoURL": repo, "path": path, "targetRevision": revision}
    answer = api.call("POST", "bootstrap", body={**asked, "name": name, "project": project})
    warn(answer.get("warnings") or [])
    print(f"application {name} declared")
    if not asynchronous:
        _follow(api, name, timeout)
    return 0


def _follow(api: Api, name: str, timeout: float) -> None:
    """Prints a line for every change of the root or of a child, until the root is synced and healthy."""
    deadline = time.monotonic() + timeout if timeout else None
    told: dict[str, str] = {}
    missing = ["nothing is known yet"]
    while True:
        try:
            root = api.call("GET", "applications", name)
            for line in _lines(name, root):
                label, _, state = line.partition(": ")
                if told.get(label) != state:
                    told[label] = state
                    print(line)
            sys.stdout.flush()
            missing = Goal().missing(root)
            if not missing:
                return
        except TransientError as error:
            missing = [str(error)]
        if deadline is not None and time.monotonic() > deadline:
            raise WaitError(f"{name}: {'; '.join(missing)}")
        time.sleep(1.0)


def _lines(name: str, root: dict[str, Any]) -> list[str]:
    """The state of the root and of each child, one line each; what is wrong with the root as well."""
    status = root.get("status") or {}
    lines = [f"{name}: {_state(status)}"]
    errors = [each for each in status.get("conditions") or [] if "Error" in str(each.get("type"))]
    lines += [f"{name} {each['type']}: {each.get('message') or ''}" for each in errors]
    for child in status.get("resources") or []:
        health = child.get("health") or {}
        told = f" ({health['message']})" if health.get("message") else ""
        lines.append(f"{child['kind']} {child['name']}: {child.get('status')}, {health.get('status') or '-'}{told}")
    return lines


def _state(status: dict[str, Any]) -> str:
    sync, health = (status.get("sync") or {}).get("status"), (status.get("health") or {}).get("status")
    return f"{sync or 'Unknown'}, {health or 'Unknown'}"
