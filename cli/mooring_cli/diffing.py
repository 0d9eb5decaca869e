"""`mooring app diff`: what a sync would change, by a dry run, by a look, or of a folder on this machine.

A dry run is an operation: git is looked at, everything is tried, and it is on record. With `--live` the API only looks
at what differs from what git wanted when it was last rendered. With `--local` a folder is rendered here in the place of
what git has, and looked at in the same way, before anything is pushed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.editing import fetch_declared
from mooring_cli.frame import SECONDS, prints, verb
from mooring_cli.looks import differences_page
from mooring_cli.names import AppName, one_app
from mooring_cli.output import Output, warn
from mooring_cli.pages import differences
from mooring_cli.syncing import try_sync
from mooring_cli.wishes import RESOURCE

__all__ = ["diff_app", "git_of", "remotes_of"]

FAILED = 1


@verb("diff", "show what a sync would change in the cluster")
@one_app
@click.option("--live", is_flag=True, help="Only look; no dry run is asked for, nor the right to sync.")
@click.option("--local", metavar="FOLDER", type=click.Path(), help="What this folder would change, rendered here.")
@click.option("--local-repo-root", metavar="FOLDER", type=click.Path(),
              help="The root of the checkout that --local is in (default: the nearest with .git).")  # fmt: skip
@click.option(
    "--local-source",
    multiple=True,
    metavar="SOURCE=FOLDER",
    help="Where another source lies, by position or name: a chart unpacked, or a checkout.",
)
@click.option(
    "--source-positions",
    multiple=True,
    type=click.IntRange(1),
    metavar="N",
    help="Which of several sources --local stands for, from 1 (default: as its remotes say).",
)
@click.option("--source-names", multiple=True, metavar="NAME", help="The same by the sources' names.")
@click.option("--local-include", "--server-side-generate", "uploads", is_flag=True, hidden=True, help="Refused.")
@click.option("--resource", multiple=True, metavar=RESOURCE,
              help="Only this object; may be repeated, * is anything, ! in front leaves out.")  # fmt: skip
@click.option("--exit-code/--no-exit-code", default=True, help="1 where something differs (the default), or 0.")
@click.option("--timeout", type=SECONDS, default=60.0, help="Give up after (default: 60).")
@prints()
def diff_app(
    api: Api, out: Output, app: AppName, live: bool, local: str | None, local_repo_root: str | None,
    local_source: tuple[str, ...], source_positions: tuple[int, ...], source_names: tuple[str, ...], uploads: bool,
    resource: tuple[str, ...], exit_code: bool, timeout: float,
) -> int:  # fmt: skip
    """0 where nothing differs, 1 where something does or could not be tried."""
    if live and local:
        raise ConfigurationError("can't be given together with --local", field="--live")
    if uploads:
        raise ConfigurationError(
            "folders are rendered here, never uploaded: give --local alone", field="--server-side-generate"
        )
    named = [*map(str, source_positions), *source_names]
    if not local and (named or local_source):
        raise ConfigurationError("is missing: which folder?", field="--local")
    if live or local:
        found = _local(api, app, Path(local), local_repo_root, named, local_source) if local else _live(api, app)
        items = [each for each in found["items"] if _chosen(each, resource)]
        out.emit({**found, "items": items}, lambda: differences_page(items, found["leftOut"]))
        return FAILED if items and exit_code else 0
    body: dict[str, Any] = {"prune": True}
    if resource:
        body["resources"] = resource
    tried = try_sync(api, app, body, timeout)
    state: dict[str, Any] = tried["status"]["operationState"]
    results = (state.get("syncResult") or {}).get("resources") or []
    out.emit(results, lambda: differences(tried) or "nothing differs")
    if state.get("phase") != "Succeeded":
        print(f"error: {state.get('message')}", file=sys.stderr)
        return FAILED
    return FAILED if differences(tried) and exit_code else 0


def _live(api: Api, app: AppName) -> dict[str, Any]:
    found: dict[str, Any] = api.call("GET", "applications", app.name, "managed-resources", query=app.query)
    return found


def _local(
    api: Api, app: AppName, folder: Path, given_root: str | None, named: Sequence[str], given_places: Sequence[str]
) -> dict[str, Any]:
    from mooring_cli.localrender import Checkout, find_root, read_places, render_local

    root, places = find_root(folder, given_root), read_places(given_places)
    document, _ = fetch_declared(api, app)
    context = api.call("GET", "applications", app.name, "build-context", query=app.query)
    checkout = Checkout(folder.resolve(), root, git_of(root, "rev-parse", "HEAD"), remotes_of(root))
    rendered = render_local(app, document, context, checkout, named, places)
    warn(rendered.warnings)
    body: dict[str, Any] = {"manifests": rendered.manifests}
    if rendered.sources is not None:
        body["sources"] = rendered.sources
    path = ("applications", app.name, "managed-resources")
    found: dict[str, Any] = api.call("POST", *path, query=app.query, body=body)
    if found["withheld"]:
        warn([f"not compared, since that takes the right override: {', '.join(found['withheld'])}"])
    return found


def remotes_of(root: Path) -> tuple[str, ...]:
    """The addresses that the checkout fetches from."""
    lines = git_of(root, "config", "--get-regexp", r"^remote\..*\.url$").splitlines()
    return tuple(line.partition(" ")[2] for line in lines)


def git_of(root: Path, *asked: str) -> str:
    """What git says of a checkout; nothing where there is none, or no git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *asked],  # noqa: S607 (the git of whoever types this)
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _chosen(item: dict[str, Any], wanted: tuple[str, ...]) -> bool:
    """Whether an object is among those of `--resource`, read as a selective sync does."""
    left_out = [each[1:] for each in wanted if each.startswith("!")]
    taken = [each for each in wanted if not each.startswith("!")]
    return not any(_fits(item, each) for each in left_out) and (not taken or any(_fits(item, each) for each in taken))


def _fits(item: dict[str, Any], wanted: str) -> bool:
    parts = wanted.split(":", 2)
    if len(parts) != 3:
        raise ConfigurationError(f"must be {RESOURCE}, not {wanted!r}", field="--resource")
    namespace, slash, name = parts[2].rpartition("/")
    pairs = [(item["group"], parts[0]), (item["kind"], parts[1]), (item["name"], name)]
    return all(fnmatchcase(has, given) for has, given in [*pairs, *([(item["namespace"], namespace)] if slash else [])])
