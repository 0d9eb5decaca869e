"""`mooring app actions …` and `mooring app delete-resource`: one object, handled by `sync` for whoever asks.

`sync` is the only function that writes to clusters, so both ask for it and wait for the outcome, which is kept for an
hour. With `--async` the id of the outcome is printed; `app actions result` shows it later.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Final

import click

from mooring_cli.client import Api
from mooring_cli.frame import SECONDS, Group, prints, verb
from mooring_cli.labels import pair
from mooring_cli.lateness import WaitError
from mooring_cli.names import AppName, one_app
from mooring_cli.objectnames import found_object, named, object_options
from mooring_cli.output import Output, warn
from mooring_cli.tables import table

__all__ = ["actions", "delete_object"]

FAILED: Final = 1
_LONGEST_PAUSE: Final = 2.0

actions = Group("actions", "what can be done to one object, as a restart")


@actions.verb("list", "the actions that one object has")
@one_app
@object_options()
@prints()
def list_actions(api: Api, out: Output, app: AppName, **which: Any) -> int:
    """A disabled one makes no sense as the object is now."""
    query = app.query | found_object(api, app, named(**which))
    answer = api.call("GET", "applications", app.name, "resource", "actions", query=query)
    rows = [
        (each["name"], "no" if each["disabled"] else "yes", ", ".join(p["name"] for p in each["params"]))
        for each in answer["actions"]
    ]
    out.emit(answer["actions"], lambda: table(["ACTION", "NOW", "PARAMETERS"], rows))
    return 0


def _waiting(function: Callable[..., int]) -> Callable[..., int]:
    """The options of what `sync` does for somebody."""
    for option in reversed((
        click.option("--async", "asynchronous", is_flag=True, help="Print the outcome's id and return."),
        click.option("--timeout", type=SECONDS, default=60.0, help="Give up waiting after (60)."),
    )):  # fmt: skip
        function = option(function)
    return function


@actions.verb("run", "run an action on one object")
@one_app
@click.argument("action")
@object_options()
@click.option("--param", multiple=True, metavar="K=V", help="A parameter, as replicas=3; may be repeated.")
@_waiting
@prints()
def run_action(
    api: Api, out: Output, app: AppName, action: str, param: tuple[str, ...], asynchronous: bool, timeout: float,
    **which: Any,
) -> int:  # fmt: skip
    """Fails where nothing was done; what git will make of it is a warning."""
    given = [dict(zip(("name", "value"), pair(each, "--param"), strict=True)) for each in param]
    query = app.query | found_object(api, app, named(**which))
    body: dict[str, Any] = {"action": action} | ({"parameters": given} if given else {})
    check = api.call("POST", "applications", app.name, "resource", "actions", query=query, body=body)["check"]["id"]
    return _conclude(api, out, app, check, None if asynchronous else timeout)


@actions.verb("result", "what came of an action or a deletion, for an hour")
@one_app
@click.argument("id")
@click.option("--timeout", type=SECONDS, default=60.0, help="Give up waiting after (60).")
@prints()
def show_result(api: Api, out: Output, app: AppName, id: str, timeout: float) -> int:
    """Waits for it where it is not done yet."""
    return _conclude(api, out, app, id, timeout)


@verb("delete-resource", "delete one object of an Application, or one that its objects own")
@one_app
@object_options()
@click.option("--force", is_flag=True, help="At once: pods get no time to end.")
@click.option("--orphan", is_flag=True, help="Leave what it owns.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@_waiting
@prints()
def delete_object(
    api: Api, out: Output, app: AppName, force: bool, orphan: bool, yes: bool, asynchronous: bool, timeout: float,
    **which: Any,
) -> int:  # fmt: skip
    """Asks first when a person is there to answer. What git has is made again."""
    place = found_object(api, app, named(**which))
    if not yes and sys.stdin.isatty():
        what = "/".join(filter(None, (place["kind"], place["resourceNamespace"], place["resourceName"])))
        if not click.confirm(f"Delete {what} of application {app}?", err=True):
            print("nothing deleted", file=sys.stderr)
            return FAILED
    chosen = {name: "true" for name, given in (("force", force), ("orphan", orphan)) if given}
    check = api.call("DELETE", "applications", app.name, "resource", query=app.query | place | chosen)["check"]["id"]
    return _conclude(api, out, app, check, None if asynchronous else timeout)


def _conclude(api: Api, out: Output, app: AppName, check: str, timeout: float | None) -> int:
    if timeout is None:
        out.emit({"check": {"id": check}}, lambda: f"asked; `mooring app actions result {app} {check}` has the outcome")
        return 0
    deadline, pause = time.monotonic() + timeout, 0.2
    while not (answer := api.call("GET", "applications", app.name, "checks", check, query=app.query)).get("done"):
        if time.monotonic() + pause > deadline:
            raise WaitError(f"the function sync has not answered within {timeout:g} s; the outcome will be at {check}")
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)
    found = answer["found"]
    done = "\n".join(f"{each['object']} {each['result']}" for each in found.get("done") or [])
    if done or not out.text:
        out.emit(found, lambda: done)
    warn(found.get("warnings") or [])
    if found.get("error"):
        print(f"error: {found['error']}", file=sys.stderr)
        return FAILED
    return 0
