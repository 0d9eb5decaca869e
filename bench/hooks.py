"""How long a delivery waits for its answer: `python -m bench hooks [--rate 50] [--seconds 20]`, from the root.

The function `webhook` as `template.yaml` has it, behind the local runner's HTTP API and in as many instances as a burst
needs. DynamoDB, SQS and Secrets Manager are moto's, whose answers are replayed after the 5 ms that the real ones take
(`bench.replaying`; with `--emulated` moto itself answers everything, and its processor is what is measured). Nobody
takes what is queued, since in the cloud that is other machines' work. Pushes of one repository that ten applications
follow are posted at a fixed rate, whether or not the ones before were answered, and timed from the moment at which
each was due, so that a queue counts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.load import application
from bench.measured import note
from bench.processes import cpu_seconds
from local import aws
from local.demo.forge import Webhook, push_payload
from local.processes import Processes, free_port, wait_for_http, wait_for_port
from local.runner.documents import read_template
from local.runner.gateway import Gateway
from local.runner.invocations import Ledger
from local.runner.pool import Pool
from local.runner.resources import Clients
from local.runner.sandbox import open_sandbox
from local.runner.system import Wishes, build_system

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parent.parent
_REGION = "eu-central-1"
_URL = "https://git.test/acme/shop.git"
_APPLICATIONS = 10
_VCPU = (
    1769  # MB of memory that come with one processor (AWS Lambda Developer Guide, "Configure Lambda function memory")
)
_ROUND_TRIP = 5.0  # ms that DynamoDB and SQS take in the cloud, about
_REQUESTS = 5  # what was seen, who follows, a message for the touched one, one for the others, and what is remembered


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.hooks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--instances", type=int, default=8)
    parser.add_argument("--emulated", action="store_true", help="without replaying: moto answers everything")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mooring-bench-") as directory:
        _run(Path(directory), chosen)
    return 0


def _run(directory: Path, chosen: argparse.Namespace) -> None:
    processes = Processes(directory / "logs")
    pool: Pool | None = None
    try:
        port = free_port()
        emulator = processes.start("aws", aws.command(port), cwd=_ROOT)
        endpoint = f"http://127.0.0.1:{port}"
        wait_for_http(f"{endpoint}/moto-api/", "AWS", watch=processes)
        clients = _clients(endpoint)
        gateway = Gateway(0)
        system = build_system(read_template(_ROOT / "template.yaml"), _ROOT, gateway.url, clients, Wishes())
        (label,) = (name for name in system.functions if "webhook" in name.lower())
        function = system.functions[label]
        if not chosen.emulated:
            port = free_port()
            command = [sys.executable, "-m", "bench.replaying", str(port), endpoint, str(_ROUND_TRIP)]
            emulator = processes.start("replaying", command, cwd=_ROOT)
            endpoint = f"http://127.0.0.1:{port}"
            wait_for_port(port, "what replays", timeout=30)
        sandbox = open_sandbox(directory, endpoint, _REGION, [_ROOT / "shared"], [], [function], os.environ, {})
        ledger = Ledger(directory)
        pool = Pool(function, sandbox, ledger, chosen.instances, 300.0)
        gateway.serve({label: pool})
        _follow(clients.dynamodb, system.resources["Table"])
        secret = clients.secretsmanager.get_secret_value(SecretId=system.resources["WebhookSecret"])["SecretString"]
        hook = Webhook(f"{gateway.url}/api/webhook", _key(secret))
        _measure(hook, directory / "invocations.jsonl", emulator.popen.pid, function.memory, chosen)
    finally:
        if pool is not None:
            pool.close()
        processes.stop()


def _measure(hook: Webhook, ledger: Path, emulator: int, memory: int, chosen: argparse.Namespace) -> None:
    with ThreadPoolExecutor(64) as senders:
        list(senders.map(lambda n: _post(hook, n, time.monotonic()), range(-9 * chosen.instances, 0)))
        for number in range(-1020, -1000):  # one after the other: what an answer takes where nothing else waits
            _post(hook, number, time.monotonic())
        calm = _lines(ledger)[-20:]
        used, begun, before = cpu_seconds([emulator]), time.monotonic() + 0.5, len(_lines(ledger))
        number = round(chosen.rate * chosen.seconds)
        due = [begun + index / chosen.rate for index in range(number)]
        taken = sorted(senders.map(lambda pair: _post(hook, *pair), enumerate(due)))
        used = cpu_seconds([emulator]) - used
    lines = _lines(ledger)[before:]
    assert len(lines) == number, (len(lines), number)
    own = sum(float(line["cpu_s"]) for line in lines) / number * 1000
    durations = sorted(float(line["duration_ms"]) for line in lines)
    print("| deliveries a second | answered: p50 ms | p99 ms | worst ms | of it the function: p50 ms | p99 ms "
          "| one alone, median ms | CPU ms: function | what stands for AWS |")  # fmt: skip
    print(f"| {'--- | ' * 9}".strip())
    cells = [
        *(taken[min(number - 1, int(number * part))] * 1000 for part in (0.5, 0.99, 1)),
        *(durations[min(number - 1, int(number * part))] for part in (0.5, 0.99)),
        statistics.median(float(line["duration_ms"]) for line in calm), own, used / number * 1000,
    ]  # fmt: skip
    print(f"| {chosen.rate:.0f} | {' | '.join(f'{cell:.1f}' for cell in cells)} |")
    cloud = own * _VCPU / memory + _REQUESTS * _ROUND_TRIP
    share = f"{own:.1f} ms of processor x {_VCPU}/{memory} + {_REQUESTS} requests x {_ROUND_TRIP:.0f} ms"
    print(f"\nIn {memory} MB in the cloud: {share}, so about {cloud:.0f} ms.")
    note("webhook", {"cpu_ms": round(own, 2), "requests": _REQUESTS, "cloud_ms": round(cloud, 1), "memory_mb": memory})


def _post(hook: Webhook, number: int, due: float) -> float:
    """Posts one delivery when it is due; seconds until its answer."""
    time.sleep(max(0.0, due - time.monotonic()))
    # Each touches one application's file, as pushes do; a content of its own, or it would be a duplicate.
    changed = {"added": [], "modified": [f"apps/app-{number % _APPLICATIONS:02}/config.yaml"], "removed": []}
    assert hook.post("push", push_payload("shop", _URL, f"{number + 10_000:040x}", changed)) == 202
    return time.monotonic() - due


def _follow(dynamodb: Any, name: str) -> None:
    """Ten applications follow the repository, each rendered from a folder of its own."""
    from mooring.model.application import parse_application
    from mooring.source import normalise
    from mooring.state.applications import Applications
    from mooring.state.lists import Follows
    from mooring.state.records import Spec
    from mooring.state.table import Table

    applications, repository = Applications(Table(dynamodb, name)), normalise(_URL)
    for number in range(_APPLICATIONS):
        parsed = parse_application(application(number, _URL)).application
        applications.declare(Spec(parsed, 1, ()), previous=None, follows={repository: ["main"]})
        folders = {repository: (["main"], [f"apps/app-{number:02}"])}
        applications.follow([Follows(parsed.key, folders, frozenset())])


def _clients(endpoint: str) -> Clients:
    import boto3

    session: Any = boto3.Session(aws_access_key_id="bench", aws_secret_access_key="bench", region_name=_REGION)
    names = ("sqs", "dynamodb", "s3", "kms", "secretsmanager")
    return Clients(_REGION, *(session.client(each, endpoint_url=endpoint) for each in names))


def _key(secret: str) -> str:
    return str(json.loads(secret)["github"])


def _lines(ledger: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ledger.read_text().splitlines()]


if __name__ == "__main__":
    sys.exit(main())
