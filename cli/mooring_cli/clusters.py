"""`mooring cluster …`: what Mooring may reach, how it is, and what may not be reached."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from mooring_cli.auditing import audit_webhook
from mooring_cli.client import Api
from mooring_cli.completion import cluster_names
from mooring_cli.frame import SECONDS, Group, prints
from mooring_cli.lateness import WaitError
from mooring_cli.output import Output
from mooring_cli.registering import add_cluster, set_cluster
from mooring_cli.tables import table

__all__ = ["clusters"]

clusters = Group("cluster", "the clusters that Mooring may deploy to")
for each in (add_cluster, set_cluster, audit_webhook):
    clusters.add_command(each)

_LONGEST_PAUSE = 2.0


@clusters.verb("rm", "forget a cluster; what was applied there stays")
@click.argument("name", shell_complete=cluster_names)
@click.option("--force", is_flag=True, help="although applications are deployed there")
@prints()
def remove_cluster(api: Api, out: Output, name: str, force: bool) -> int:
    """Forgets a cluster and its credentials."""
    answer = api.call("DELETE", "clusters", name, query={"force": "true"} if force else None)
    out.emit(answer, lambda: f"cluster {name} removed; nothing in it was changed")
    return 0


@clusters.verb("list", "the registered clusters")
@prints(watch=True)
def list_clusters(api: Api, out: Output) -> int:
    """`mooring cluster list`."""
    answer = api.whole("clusters")
    rows = [
        (c.get("name"), c.get("server"), "yes" if c.get("default") else "", c.get("version"), _trouble(c))
        for c in answer.get("items") or []
    ]
    out.emit(answer, lambda: table(["NAME", "SERVER", "DEFAULT", "VERSION", "TROUBLE"], rows))
    return 0


def _trouble(cluster: Mapping[str, Any]) -> str:
    outage = cluster.get("unreachable")
    return f"unreachable since {outage['since']}" if outage else ""


@clusters.verb("get", "one cluster, and how it is now")
@click.argument("name", shell_complete=cluster_names)
@click.option("--look", is_flag=True, help="Have it looked at now: whether it answers, its version and size.")
@prints(watch=True)
def get_cluster(api: Api, out: Output, name: str, look: bool) -> int:
    """What is registered and known; with `--look` what the cluster itself says at this moment."""
    answer = api.call("GET", "clusters", name)
    if look:
        answer = answer | {"health": api.call("GET", "clusters", name, "health")}
    out.emit(answer, lambda: "\n\n".join(filter(None, (_page(answer), _health(answer.get("health"))))))
    return 0


def _health(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    breaker, drift = found["breaker"], found["drift"]
    size = ", ".join(f"{found[kind]} {kind}" for kind in ("nodes", "namespaces") if found[kind] is not None)
    watched = {True: ", which somebody does now", False: ", which nobody does now"}.get(drift.get("watched"), "")
    held = f"open since {breaker.get('since')}, tried again {breaker.get('retryAt')}" if breaker["open"] else "closed"
    rows = [
        ("looked at", f"{found['at']}, in {found['milliseconds']} ms"),
        ("state", found["state"]),
        ("version", found["version"]),
        ("user", found["user"]),
        ("size", size),
        ("breaker", held),
        ("drift by", drift["mode"] + watched),
        ("applications", str(found["applications"])),
        ("last sync", found["lastSync"] or "never"),
        ("trouble", found["message"]),
        ("next", found["next"]),
    ]
    return "\n".join(f"{name:<13} {value}" for name, value in rows if value)


def _page(cluster: Mapping[str, Any]) -> str:
    rows: list[tuple[str, str]] = []
    for name, value in cluster.items():
        if name == "health":
            continue
        if isinstance(value, dict):
            rows.append((name, ", ".join(f"{key}={each}" for key, each in sorted(value.items()))))
        elif isinstance(value, list):
            rows.append((name, ", ".join(map(str, value))))
        else:
            rows.append((name, str(value)))
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in rows)


@clusters.verb("doctor", "what can be reached, and which rights are missing")
@click.argument("name", shell_complete=cluster_names)
@click.option("--timeout", type=SECONDS, default=90.0, metavar="SECONDS", help="how long to wait (90)")
@prints()
def examine_cluster(api: Api, out: Output, name: str, timeout: float) -> int:
    """Has the cluster examined by the function that reaches it, and waits for what it finds."""
    check = str(api.call("POST", "clusters", name, "check")["check"]["id"])
    deadline, pause = time.monotonic() + timeout, 0.2
    while not (answer := api.call("GET", "clusters", name, "check", check)).get("done"):
        if time.monotonic() + pause > deadline:
            raise WaitError(
                f"the function sync has not answered within {timeout:g} s; look at its log, and whether the "
                "queue of syncs moves"
            )
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)
    found = answer["found"]
    out.emit(found, lambda: _findings(found))
    return 0 if found["reachable"] and all(step["ok"] for step in found["steps"]) else 1


def _findings(found: Mapping[str, Any]) -> str:
    rows = [("ok" if step["ok"] else "FAILS", str(step["step"]), str(step["message"])) for step in found["steps"]]
    lines = [f"{mark:<6}{step:<13}{message}" for mark, step, message in rows]
    if found.get("version"):
        lines.append(f"{'':<6}{'version':<13}{found['version']}")
    return "\n".join(lines)
