"""Where single flows are measured: a real API server with etcd, AWS by moto, and each task in a process of its own.

A task runs as a cold function would: `bench.working` composes the same adapters as a handler from the same environment
and calls one flow. So its processor seconds and its peak of memory are those of one function, without a runner or an
emulator among them. What was asked of the API server is counted by the API server itself, in its audit log.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.cluster import CONTROL_PLANE, Cluster
from local.demo.audit import AuditLog, Request
from local.processes import Processes, free_port, wait_for_port
from local.tools import ensure

__all__ = ["Figures", "Ground", "open_ground", "row", "titles"]

_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Figures:
    """What a task cost. `base` is the memory after the imports in MiB, `peak` the most; `said` is what it told."""

    wall: float
    cpu: float
    base: float
    peak: float
    requests: list[Request]
    said: dict[str, Any]

    @property
    def verbs(self) -> str:
        """How often each verb was asked for; dry runs are told apart."""
        counted = Counter(f"{each.verb} (dry run)" if each.dry_run else each.verb for each in self.requests)
        return ", ".join(f"{number} {verb}" for verb, number in sorted(counted.items())) or "none"


class Ground:
    """The servers, while they run."""

    def __init__(self, cluster: Cluster, environment: dict[str, str]) -> None:
        assert cluster.audit_log is not None
        self._audit = AuditLog(cluster.audit_log)
        self._environment = environment

    def run(self, do: str, **task: Any) -> Figures:
        """Runs one task of `bench.working` in a process of its own."""
        mark = self._audit.mark()
        command = [sys.executable, "-m", "bench.working", do, json.dumps(task)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=self._environment, cwd=_ROOT)
        if done.returncode:
            raise SystemExit(f"{do} failed:\n{done.stderr[-4000:]}")
        told = json.loads(done.stdout.splitlines()[-1])
        figures = {name: told.pop(name) for name in ("wall", "cpu", "base", "peak")}
        return Figures(**figures, requests=self._audit.since(mark), said=told)


@contextmanager
def open_ground() -> Iterator[Ground]:
    """Starts the servers, makes the table, bucket and queues, registers the cluster, and ends all of it."""
    with tempfile.TemporaryDirectory(prefix="mooring-bench-") as folder:
        directory = Path(folder)
        processes = Processes(directory / "logs")
        try:
            port = free_port()
            from local.aws import command

            processes.start("aws", command(port))
            with Cluster.start(directory / "cluster", ensure(CONTROL_PLANE, _say), workloads=False) as cluster:
                wait_for_port(port, "the emulator of AWS", timeout=30)
                environment = {
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": f"{_ROOT / 'shared'}:{_ROOT}",
                    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                    "AWS_DEFAULT_REGION": "eu-central-1",
                    "AWS_ACCESS_KEY_ID": "bench",
                    "AWS_SECRET_ACCESS_KEY": "bench",
                    "AWS_EC2_METADATA_DISABLED": "true",
                    "AWS_CONFIG_FILE": os.devnull,
                    "MOORING_TABLE": "bench",
                    "MOORING_BUCKET": "bench",
                    "MOORING_KMS_KEY": "alias/bench",
                    **{f"MOORING_{name}_QUEUE": f"http://127.0.0.1:{port}/123456789012/{name.lower()}" for name in
                       ("RENDERS", "SYNCS", "LATER")},
                }  # fmt: skip
                ground = Ground(cluster, environment)
                authority = base64.b64encode(cluster.ca_data.encode()).decode()
                config = {"bearerToken": cluster.bearer(), "tlsClientConfig": {"caData": authority}}
                ground.run("found", server=cluster.server, config=config)
                yield ground
        finally:
            processes.stop()


def titles() -> str:
    """The heads of a table of `row`s."""
    heads = ("what", "s", "CPU s", "MiB at rest", "peak MiB", "requests", "of them")
    return f"| {' | '.join(heads)} |\n{'| --- ' * len(heads)}|"


def row(what: str, cost: Figures) -> str:
    """One line of a table."""
    return (
        f"| {what} | {cost.wall:.2f} | {cost.cpu:.2f} | {cost.base:.0f} | {cost.peak:.0f} "
        f"| {len(cost.requests)} | {cost.verbs} |"
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
