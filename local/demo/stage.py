"""A running stack with everything that the story and the benchmark need to act on it and to look at it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from local import dashboard
from local.demo.audit import AuditLog
from local.demo.forge import Webhook
from local.demo.world import World
from local.stack import Options, Stack

__all__ = ["Stage", "open_stage"]

_ORGANISATION = "acme"
_SWEEP_RATE = 180.0


@dataclass(frozen=True, slots=True)
class Stage:
    """A stack and the world on it. `emulators` are the process ids of what stands for AWS and for the forge."""

    stack: Stack
    world: World
    emulators: tuple[int, ...]

    def invocations(self) -> list[dict[str, Any]]:
        """What each invocation of a function cost so far, as the runner wrote it down."""
        return _invocations(self.stack.directory)


@contextmanager
def open_stage(options: Options, report: Callable[[str], None]) -> Iterator[Stage]:
    """Starts a stack, with a cluster of its own, and ends it afterwards. Raises what `Stack.start` raises."""
    if options.kubeconfig is not None:
        raise ValueError("the story reads the cluster's audit log, so it needs a cluster of its own")
    dashboard.build(report)
    with Stack.start(replace(options, workloads=True), report) as stack:
        work, forge = stack.directory / "demo", stack.git_root / _ORGANISATION
        for folder in (work, forge):
            # Of an earlier story: every story begins with empty repositories.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        audit_log = stack.cluster.audit_log
        assert audit_log is not None
        pids = stack.pids
        world = World(
            cluster=stack.cluster.client,
            kubectl_program=stack.tools["kubectl"],
            kubeconfig=stack.cluster.kubeconfig,
            mooring={"url": stack.mooring.url, "token": stack.mooring.secret},
            webhook=Webhook(stack.webhook.url, stack.webhook.secret),
            git_root=forge,
            git_url=f"{stack.git_url}/{_ORGANISATION}",
            runner=pids["runner"],
            audit=AuditLog(audit_log),
            remembered=_inventory_of(stack),
            sweeps=lambda: sum(line["function"] == "sweep" for line in _invocations(stack.directory)),
            sweep=options.sweep or _SWEEP_RATE,
            work=work,
        )
        yield Stage(stack, world, tuple(pids["emulators"]))


def _inventory_of(stack: Stack) -> Callable[[], dict[str, str]]:
    """A function that reads every item of inventory from the table and reduces it to a digest."""
    client, table = stack.client("dynamodb"), stack.resources["Table"]

    def read() -> dict[str, str]:
        found: dict[str, str] = {}
        for page in client.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                key = f"{item['pk']['S']} {item['sk']['S']}"
                if item["sk"]["S"].startswith("INV#"):
                    found[key] = hashlib.sha256(repr(sorted(item.items())).encode()).hexdigest()
        return found

    return read


def _invocations(directory: Path) -> list[dict[str, Any]]:
    try:
        lines = (directory / "invocations.jsonl").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines]
