"""`mooring image …`: images that are kept up to date, what would be written, and have it written now."""

from __future__ import annotations

import time
from typing import Any

import click

from mooring_cli.client import Api
from mooring_cli.completion import app_names
from mooring_cli.frame import SECONDS, Group, prints
from mooring_cli.lateness import WaitError
from mooring_cli.output import Output
from mooring_cli.tables import Page, Table, table

__all__ = ["images"]

images = Group("image", "images that are kept up to date")

_PAUSE = 0.5  # seconds between two questions


@images.verb("list", "what runs, what should, and what is in the way")
@click.argument(
    "app", required=False, default="", shell_complete=app_names, help="NAME or NAMESPACE/NAME; without it, all"
)
@prints(watch=True)
def list_images(api: Api, out: Output, app: str) -> int:
    """`mooring image list`."""
    answer = api.whole("images", query=_query(app))
    columns = ("application", "image", "current", "wanted", "status", "message")
    rows = [[each[name] for name in columns] for each in answer["items"]]
    out.emit(answer, lambda: table(["APP", "IMAGE", "CURRENT", "WANTED", "STATUS", "MESSAGE"], rows))
    return 0


@images.verb("plan", "what would be written now; nothing is")
@click.argument(
    "app", required=False, default="", shell_complete=app_names, help="NAME or NAMESPACE/NAME; without it, all"
)
@click.option("--timeout", type=SECONDS, default=120.0, metavar="SECONDS", help="give up (120)")
@prints()
def plan(api: Api, out: Output, app: str, timeout: float) -> int:
    """`mooring image plan`; exits with 1 where nothing can be said."""
    asked = api.call("POST", "images", "plan", query=_query(app))["plan"]["id"]
    deadline = time.monotonic() + timeout
    while not (answer := api.call("GET", "images", "plan", asked)):
        if time.monotonic() > deadline:
            raise WaitError(f"no answer after {timeout:.0f} s; see the log of the function images")
        time.sleep(_PAUSE)
    out.emit(answer, lambda: _page(answer))
    return 1 if "error" in answer else 0


@images.verb("update", "look now; of one application write what was taken back, too")
@click.argument(
    "app", required=False, default="", shell_complete=app_names, help="NAME or NAMESPACE/NAME; without it, all"
)
def update(api: Api, app: str) -> int:
    """`mooring image update`."""
    apps = api.call("POST", "images", "update", query=_query(app))["applications"]
    print(f"{len(apps)} application{'' if len(apps) == 1 else 's'} looked at; see `mooring image list`")
    return 0


@images.verb("updaters", "the ImageUpdaters that are declared")
@prints(watch=True)
def list_updaters(api: Api, out: Output) -> int:
    """`mooring image updaters`."""
    answer = api.whole("imageupdaters")
    rows = [
        [f"{meta.get('namespace', 'argocd')}/{meta['name']}", "; ".join(each["status"]["warnings"])]
        for each in answer["items"]
        for meta in (each["metadata"],)
    ]
    out.emit(answer, lambda: table(["IMAGEUPDATER", "WARNINGS"], rows))
    return 0


@images.verb("delete-updater", "takes an ImageUpdater out of force")
@click.argument("name")
@click.option(
    "--namespace",
    "updater_namespace",
    default="argocd",
    metavar="NAMESPACE",
    help="that it was declared in (default argocd)",
)
def delete_updater(api: Api, name: str, updater_namespace: str) -> int:
    """`mooring image delete-updater`."""
    api.call("DELETE", "imageupdaters", name, query={"namespace": updater_namespace})
    print(f"imageupdater {updater_namespace}/{name} is deleted")
    return 0


def _page(answer: dict[str, Any]) -> Page:
    if "error" in answer:
        return f"error: {answer['error']}"
    updates = answer["updates"]
    columns = ("application", "image", "from", "to", "method", "branch", "path")
    parts: list[str | Table] = []
    if updates:
        rows = [[each[name] for name in columns] + ["taken back" if each["held"] else each["why"]] for each in updates]
        parts.append(table(["APP", "IMAGE", "FROM", "TO", "BY", "BRANCH", "PATH", "WHY"], rows))
    lines = [f"{each['application']} {each['image']}: {each['message']}" for each in answer["notes"]]
    lines.append(
        f"{len(updates)} to update, {answer['current']} up to date, {answer['requests']} requests to registries"
    )
    return [*parts, "\n".join(lines)]


def _query(app: str) -> dict[str, str]:
    return {"app": app} if app else {}
