"""Generating applications from a matrix: `python -m bench.generating [--folders 50 --clusters 20]`, from the root.

A matrix of a list of folders and the registered clusters, with Go templates, evaluated as the function `render` does,
against the emulator of AWS in a process of its own (messages are counted and not sent). Measured are what generators
and templates take alone, the first evaluation, which declares every application, one that finds nothing new, and one
after which a tenth has changed. Seconds are those of the clock and of the processor (ours, and gokit's); memory is the
peak of the process.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, cast

from local.aws import command
from local.processes import free_port, wait_for_port
from local.tools import ensure
from mooring.appsets.generating import generate
from mooring.appsets.ports import Ports
from mooring.appsets.registered import cluster_facts
from mooring.composition import Composition
from mooring.events.messages import ApplicationSetMessage, Cause
from mooring.flows.sets.generating import SetPorts, handle_sets
from mooring.flows.sets.setasking import declare_set
from mooring.model.applicationset import parse_application_set
from mooring.queues import Queues
from mooring.state.clusters import Cluster

__all__ = ["main"]

_REGION = "eu-central-1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.generating", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folders", type=int, default=50)
    parser.add_argument("--clusters", type=int, default=20)
    chosen = parser.parse_args(arguments)
    port = free_port()
    with subprocess.Popen(command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as emulator:
        try:
            wait_for_port(port, "the emulator of AWS", timeout=30)
            _measure(chosen.folders, chosen.clusters, f"http://127.0.0.1:{port}")
        finally:
            emulator.terminate()
    return 0


def _measure(folders: int, clusters: int, url: str) -> None:
    ours, requests = _composition(url)
    for number in range(clusters):
        name = f"cluster-{number:02}"
        ours.registry.change_cluster(Cluster(name, f"https://{name}.test", False, name, labels={"stage": "prod"}))
    total = folders * clusters
    heads = ("what", "s", "CPU s: ours", "gokit", "peak MiB", "table: requests", "items written", "queue")
    print(f"| {' | '.join(heads)} |\n{'| --- ' * len(heads)}|")

    def row(what: str, work: Callable[[], object]) -> None:
        requests.clear()
        wall, own, child = time.monotonic(), time.process_time(), _children()
        work()
        figures = (time.monotonic() - wall, time.process_time() - own, _children() - child)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        table = sum(count for name, count in requests.items() if name.startswith("dynamodb:"))
        counted = (table, requests["items"], requests["sqs:SendMessageBatch"])
        cells = [what, *(f"{each:.2f}" for each in figures), f"{peak:.0f}", *(str(each) for each in counted)]
        print(f"| {' | '.join(cells)} |", flush=True)

    ports = ours.set_ports("bench")
    parsed = parse_application_set(_document(folders)).application_set
    facts = cluster_facts(ours.registry.clusters())
    hosts, plugins, decisions = ports.asked()
    world = Ports(ports.templates, cast("Any", None), facts, hosts, plugins, decisions)
    row(f"{total}: generators and templates alone", lambda: generate(parsed, world))
    declare_set(ours.ask_ports(), _document(folders), "bench")
    row(f"{total}: first evaluation, all declared", lambda: _look(ports))
    assert len(ours.applications.registered()) == total
    row(f"{total}: nothing new", lambda: _look(ports))
    declare_set(ours.ask_ports(), _document(folders, changed=folders // 10), "bench")
    row(f"{total}: {folders // 10 * clusters} changed", lambda: _look(ports))


def _look(ports: SetPorts) -> None:
    handle_sets(ports, [ApplicationSetMessage("argocd/fleet", Cause("tick"))])


def _document(folders: int, changed: int = 0) -> dict[str, Any]:
    elements = [{"path": f"apps/app-{n:02}", "tier": "new" if n < changed else "old"} for n in range(folders)]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "fleet"},
        "spec": {
            "goTemplate": True,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [
                {"matrix": {"generators": [{"list": {"elements": elements}}, {"clusters": {}}]}},
            ],
            "template": {
                "metadata": {"name": "{{.path | base}}-{{.nameNormalized}}", "labels": {"tier": "{{.tier}}"}},
                "spec": {
                    "project": "default",
                    "source": {"repoURL": "https://git.test/acme/fleet", "path": "{{.path}}", "targetRevision": "main"},
                    "destination": {"name": "{{.name}}", "namespace": "{{.path | base}}"},
                    "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
                },
            },
        },
    }


def _composition(url: str) -> tuple[Composition, Counter[str]]:
    """The adapters of a function, a table and queues; and what is asked of them."""
    import os

    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": _REGION,
                   "AWS_ENDPOINT_URL": url}  # fmt: skip
    import boto3

    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="bench",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    path = ensure(["gokit"], lambda line: print(line, file=sys.stderr))["gokit"].parent
    ours = Composition({**os.environ, "PATH": str(path), "MOORING_TABLE": "bench"})
    requests: Counter[str] = Counter()

    def asked(params: dict[str, Any], model: Any, **_: object) -> None:
        requests[f"{model.service_model.service_name}:{model.name}"] += 1
        if model.name == "TransactWriteItems":
            requests["items"] += sum("ConditionCheck" not in each for each in params["TransactItems"])
        elif model.name in ("PutItem", "UpdateItem", "DeleteItem"):
            requests["items"] += 1

    ours._session.register("provide-client-params", asked)
    urls = {name: name for name in ("renders", "syncs", "later")}
    ours.__dict__["queues"] = Queues(cast("Any", _Counting(requests)), urls)
    return ours, requests


class _Counting:
    """A client for queues that counts: in the emulator, each message that nobody takes slows down the next one."""

    def __init__(self, requests: Counter[str]) -> None:
        self._requests = requests

    def send_message_batch(self, **_: object) -> dict[str, object]:
        self._requests["sqs:SendMessageBatch"] += 1
        return {}


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
