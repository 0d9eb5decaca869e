"""Where single flows are measured: real API servers, AWS by moto, a git server, and each task in a process of its own.

A task runs as a cold function would: `bench.working` composes the same adapters as a handler from the same environment
and calls one flow. So its processor seconds and its peak of memory are those of one function, without a runner or an
emulator among them. What was asked of the API server is counted by the API server itself, in its audit log.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.cluster import CONTROL_PLANE, Cluster
from local.demo.audit import AuditLog, Request
from local.githttp import GitServer
from local.processes import Processes, free_port, wait_for_port
from local.tools import ensure

__all__ = ["Figures", "Ground", "open_ground", "row", "titles"]

_ROOT = Path(__file__).resolve().parent.parent
_RENDERERS = ("helm", "kustomize", "gokit")


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
    """The servers, while they run. `temporary` is where tasks keep what a function keeps in `/tmp`."""

    def __init__(self, clusters: Sequence[Cluster], git: GitServer, environment: dict[str, str]) -> None:
        self.clusters = clusters
        self.git = git
        self.temporary = Path(environment["TMPDIR"])
        self._audits = [AuditLog(each.audit_log) for each in clusters if each.audit_log is not None]
        self._environment = environment

    def run(self, do: str, **task: Any) -> Figures:
        """Runs one task of `bench.working` in a process of its own."""
        marks = [audit.mark() for audit in self._audits]
        command = [sys.executable, "-m", "bench.working", do, json.dumps(task)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=self._environment, cwd=_ROOT)
        if done.returncode:
            raise SystemExit(f"{do} failed:\n{done.stderr[-4000:]}")
        if task.get("profile"):
            _say(done.stderr)
        told = json.loads(done.stdout.splitlines()[-1])
        figures = {name: told.pop(name) for name in ("wall", "cpu", "base", "peak")}
        requests = [each for audit, mark in zip(self._audits, marks, strict=True) for each in audit.since(mark)]
        return Figures(**figures, requests=requests, said=told)

    def forget_copies(self) -> None:
        """Lets the next task begin cold: nothing is left of what earlier ones fetched."""
        shutil.rmtree(self.temporary)
        self.temporary.mkdir()


@contextmanager
def open_ground(clusters: int = 1) -> Iterator[Ground]:
    """Starts the servers, makes the table, bucket and queues, registers the clusters, and ends all of it."""
    with tempfile.TemporaryDirectory(prefix="mooring-bench-") as folder, ExitStack() as stack:
        directory = Path(folder)
        processes = Processes(directory / "logs")
        stack.callback(processes.stop)
        port = free_port()
        from local.aws import command

        processes.start("aws", command(port))
        tools = ensure((*CONTROL_PLANE, *_RENDERERS), _say)
        started = [
            stack.enter_context(Cluster.start(directory / f"cluster-{number}", tools, workloads=False))
            for number in range(clusters)
        ]
        (directory / "git").mkdir()
        (directory / "tmp").mkdir()
        git = stack.enter_context(GitServer(directory / "git"))
        wait_for_port(port, "the emulator of AWS", timeout=30)
        folders = dict.fromkeys(str(tools[name].parent) for name in _RENDERERS)
        environment = {
            "PATH": os.pathsep.join([*folders, os.environ["PATH"]]),
            "PYTHONPATH": f"{_ROOT / 'shared'}:{_ROOT}",
            "TMPDIR": str(directory / "tmp"),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "MOORING_TABLE": "bench",
            "MOORING_BUCKET": "bench",
            "MOORING_KMS_KEY": "alias/bench",
            "MOORING_WEBHOOK_SECRET": "webhook",
            **{f"MOORING_{name}_QUEUE": f"http://127.0.0.1:{port}/123456789012/{name.lower()}" for name in
               ("RENDERS", "SYNCS", "LATER")},
        }  # fmt: skip
        ground = Ground(started, git, environment)
        ground.run("found")
        for number, cluster in enumerate(started):
            authority = base64.b64encode(cluster.ca_data.encode()).decode()
            config = {"bearerToken": cluster.bearer(), "tlsClientConfig": {"caData": authority}}
            name = f"cluster-{number}" if number else "in-cluster"
            ground.run("register", name=name, server=cluster.server, default=number == 0, config=config)
        yield ground


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
