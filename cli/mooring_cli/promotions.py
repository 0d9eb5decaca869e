"""`mooring promotion …`: what moves from one application to the next, and what came of it."""

from __future__ import annotations

from typing import Any

from mooring_cli.client import Api
from mooring_cli.frame import Group, prints
from mooring_cli.names import AppName, one
from mooring_cli.output import Output
from mooring_cli.tables import Page, table

__all__ = ["promotions"]

promotions = Group("promotion", "carry what is well from one Application to the next")
_one_promotion = one("--promotion-namespace", "Promotion", "chosen")


@promotions.verb("list", "a line for each Promotion")
@prints(watch=True)
def list_promotions(api: Api, out: Output) -> int:
    """`mooring promotion list`."""
    answer = api.whole("promotions")
    rows = []
    for each in answer.get("items") or []:
        spec, status = each["spec"], each["status"]
        to = spec["to"].get("applications") or [spec["to"].get("application")]
        about = status.get("pullRequest") or status["message"]
        rows.append((each["metadata"]["name"], spec["from"]["application"], ",".join(to), status["phase"], about[:80]))
    out.emit(answer, lambda: table(["NAME", "FROM", "TO", "PHASE", "MESSAGE"], rows))
    return 0


@promotions.verb("get", "where one stands, and what came of it before")
@_one_promotion
@prints(watch=True)
def get(api: Api, out: Output, chosen: AppName) -> int:
    """`mooring promotion get`."""
    answer = api.call("GET", "promotions", chosen.name, query=chosen.query)
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
@_one_promotion
def run_now(api: Api, chosen: AppName) -> int:
    """`mooring promotion run`."""
    api.call("POST", "promotions", chosen.name, "run", query=chosen.query)
    print(f"promotion {chosen} is looked at; see `mooring promotion get {chosen}`")
    return 0


@promotions.verb("suspend", "hold one back until it is resumed, or declared anew")
@_one_promotion
def suspend(api: Api, chosen: AppName) -> int:
    """`mooring promotion suspend`."""
    api.call("POST", "promotions", chosen.name, "suspend", query=chosen.query)
    print(f"promotion {chosen} is suspended; where it is declared in git, say so there too (spec.suspend)")
    return 0


@promotions.verb("resume", "let one go on that was suspended")
@_one_promotion
def resume(api: Api, chosen: AppName) -> int:
    """`mooring promotion resume`."""
    api.call("POST", "promotions", chosen.name, "resume", query=chosen.query)
    print(f"promotion {chosen} goes on")
    return 0


@promotions.verb("delete", "delete one; a pull request that it opened stays open")
@_one_promotion
def delete(api: Api, chosen: AppName) -> int:
    """`mooring promotion delete`."""
    api.call("DELETE", "promotions", chosen.name, query=chosen.query)
    print(f"promotion {chosen} is deleted")
    return 0
