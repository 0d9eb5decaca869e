"""`mooring promotion …`: what moves from one application to the next, and what came of it."""

from __future__ import annotations

from typing import Any

import click

from mooring_cli.client import Api
from mooring_cli.frame import Group, prints
from mooring_cli.names import DEFAULT_NAMESPACE
from mooring_cli.output import Output
from mooring_cli.tables import Page, table

__all__ = ["promotions"]

promotions = Group("promotion", "carry what is well from one Application to the next")
_namespace = click.option(
    "--promotion-namespace",
    "-N",
    default=DEFAULT_NAMESPACE,
    metavar="NAMESPACE",
    help=f"the namespace that the Promotion was declared in (default {DEFAULT_NAMESPACE})",
)


@promotions.verb("list", "a line for each Promotion")
@prints(watch=True)
def list_promotions(api: Api, out: Output) -> int:
    """`mooring promotion list`."""
    answer = api.call("GET", "promotions")
    rows = []
    for each in answer.get("items") or []:
        spec, status = each["spec"], each["status"]
        to = spec["to"].get("applications") or [spec["to"].get("application")]
        about = status.get("pullRequest") or status["message"]
        rows.append((each["metadata"]["name"], spec["from"]["application"], ",".join(to), status["phase"], about[:80]))
    out.emit(answer, lambda: table(["NAME", "FROM", "TO", "PHASE", "MESSAGE"], rows))
    return 0


@promotions.verb("get", "where one stands, and what came of it before")
@click.argument("name")
@_namespace
@prints(watch=True)
def get(api: Api, out: Output, name: str, promotion_namespace: str) -> int:
    """`mooring promotion get`."""
    answer = api.call("GET", "promotions", name, query={"namespace": promotion_namespace})
    out.emit(answer, lambda: _page(answer))
    return 0


def _page(answer: dict[str, Any]) -> Page:
    spec, status = answer["spec"], answer["status"]
    to = spec["to"].get("applications") or [spec["to"].get("application")]
    lines = [
        f"Promotion:     {answer['metadata']['namespace']}/{answer['metadata']['name']}",
        f"From:          {spec['from']['application']}",
        f"To:            {', '.join(to)}",
        f"Phase:         {status['phase']}" + (f", since {status['since']}" if status.get("since") else ""),
        f"               {status['message']}",
    ]
    if status.get("pullRequest"):
        lines.append(f"Pull request:  {status['pullRequest']}")
    if carried := status.get("carried"):
        lines += ["Carries:", *(f"  {each}" for each in carried["changes"])]
        lines += [f"  {name}: {value}" for name, value in carried["from"].items()]
    if verified := status.get("verification"):
        lines.append(f"Verification:  {verified['outcome']}: {verified['message']}")
    if history := status.get("history"):
        return [
            "\n".join(lines),
            table(["AT", "WHAT", "MESSAGE"], [(e["at"], e["what"], e["message"]) for e in history]),
        ]
    return "\n".join(lines)


@promotions.verb("run", "look at one now, and propose again what was turned down")
@click.argument("name")
@_namespace
def run_now(api: Api, name: str, promotion_namespace: str) -> int:
    """`mooring promotion run`."""
    api.call("POST", "promotions", name, "run", query={"namespace": promotion_namespace})
    print(f"promotion {name} is looked at; see `mooring promotion get {name}`")
    return 0


@promotions.verb("suspend", "hold one back until it is resumed, or declared anew")
@click.argument("name")
@_namespace
def suspend(api: Api, name: str, promotion_namespace: str) -> int:
    """`mooring promotion suspend`."""
    api.call("POST", "promotions", name, "suspend", query={"namespace": promotion_namespace})
    print(f"promotion {name} is suspended; where it is declared in git, say so there too (spec.suspend)")
    return 0


@promotions.verb("resume", "let one go on that was suspended")
@click.argument("name")
@_namespace
def resume(api: Api, name: str, promotion_namespace: str) -> int:
    """`mooring promotion resume`."""
    api.call("POST", "promotions", name, "resume", query={"namespace": promotion_namespace})
    print(f"promotion {name} goes on")
    return 0


@promotions.verb("delete", "delete one; a pull request that it opened stays open")
@click.argument("name")
@_namespace
def delete(api: Api, name: str, promotion_namespace: str) -> int:
    """`mooring promotion delete`."""
    api.call("DELETE", "promotions", name, query={"namespace": promotion_namespace})
    print(f"promotion {name} is deleted")
    return 0
