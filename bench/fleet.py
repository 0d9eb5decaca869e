"""What a list of a large fleet costs: `python -m bench fleet [--applications 2000]`.

A generated fleet in a table of moto's; all of it asked for as rows (`view=summary`), and as whole applications. moto is
in a process of its own: our processor time is measured without it, and the time of the wall with it.

With `--into` nothing is measured: the fleet is written into the table of a stack that runs (`AWS_ENDPOINT_URL` and
`MOORING_TABLE` say where, as for the functions), for people and tests that want to see a dashboard full.
"""

from __future__ import annotations

import argparse
import gzip
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from bench.fleets import populate
from local.aws import command
from local.processes import Processes, free_port, wait_for_port
from mooring.composition import Composition
from mooring.flows.asked.fleet import list_summaries
from mooring.flows.asked.listing import list_applications
from mooring.flows.asked.prices import PRICES, REGIONS
from mooring.flows.asked.summarising import summaries
from mooring.state.summaries import INDEX

__all__ = ["main"]

_TIMES = 5
_REGION = "eu-central-1"
_EVERY = 5  # seconds between two questions of a page that polls
_ENVIRONMENT = {
    "AWS_DEFAULT_REGION": _REGION,
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_EC2_METADATA_DISABLED": "true",
    "MOORING_TABLE": "bench",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.fleet", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--applications", type=int, default=2_000)
    parser.add_argument("--into", action="store_true", help="write into the table of a running stack, and no more")
    asked = parser.parse_args(arguments)
    if asked.into:
        keys = populate(Composition(os.environ).table, asked.applications, now=time.time())
        print(f"{len(keys)} applications written")
        return 0
    with tempfile.TemporaryDirectory(prefix="mooring-bench-") as folder:
        processes = Processes(Path(folder))
        try:
            port = free_port()
            processes.start("aws", command(port))
            wait_for_port(port, "the emulator of AWS", timeout=30)
            os.environ |= _ENVIRONMENT | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
            _measure(asked.applications)
        finally:
            processes.stop()
    return 0


class _Counted:
    """Requests of DynamoDB, and the bytes of its answers."""

    def __init__(self, session: Any) -> None:
        self.requests = self.bytes = 0
        session.register("response-received.dynamodb", self._got)

    def _got(self, response_dict: Mapping[str, Any] | None = None, **_: object) -> None:
        self.requests += 1
        self.bytes += len((response_dict or {}).get("body", b""))


def _measure(count: int) -> None:
    ours = Composition(os.environ)
    counted = _Counted(ours._session)
    _make_table()
    applications = ours.applications
    populate(ours.table, count, now=time.time())

    def rows() -> bytes:
        return orjson.dumps(list_summaries(summaries(applications), {}))

    def whole() -> bytes:
        pages, after = [], ""
        while True:
            page = list_applications(applications, lambda _: True, after=after)
            pages.append(orjson.dumps(page))
            after = page["metadata"].get("continue", "")
            if not after:
                return b"\n".join(pages)

    print(f"{count} applications\n")
    print("| asked | requests | read KB | CPU ms | with the emulator, ms | answer KB | gzip KB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    found = {name: _row(name, ask, counted) for name, ask in (("rows", rows), ("whole applications", whole))}
    cpu, size = (found["whole applications"][index] / found["rows"][index] for index in (0, 1))
    print(f"\nwhole applications take {cpu:.0f} times the processor and {size:.1f} times the bytes (packed)")
    units = _index_bytes(ours) / 8192
    price = PRICES["DynamoDB, million read units"][REGIONS[0]] / 1e6
    print(f"{units:.0f} read units each time; a page that asks every {_EVERY} s: {units * 720 * price:.3f} USD an hour")


def _index_bytes(ours: Composition) -> int:
    """What the index holds: keys and facts; half a read unit for 4 KB, as it can't be read consistently."""
    items = ours.table._client.get_paginator("scan").paginate(TableName="bench", IndexName=INDEX)
    return sum(
        sum(len(name) + len(value["S"].encode()) for name, value in item.items() if "S" in value)
        for page in items
        for item in page["Items"]
    )


def _row(name: str, ask: Callable[[], bytes], counted: _Counted) -> tuple[float, float]:
    ask()
    own, wall = [], []
    for _ in range(_TIMES):
        mark = counted.requests, counted.bytes
        begun, spent = time.perf_counter(), time.process_time()
        answer = ask()
        own.append(time.process_time() - spent)
        wall.append(time.perf_counter() - begun)
    requests, read = counted.requests - mark[0], counted.bytes - mark[1]
    packed = len(gzip.compress(answer, 6))
    cells = (name, requests, f"{read / 1024:.0f}", f"{median(own) * 1000:.0f}", f"{median(wall) * 1000:.0f}",
             f"{len(answer) / 1024:.0f}", f"{packed / 1024:.0f}")  # fmt: skip
    print(f"| {' | '.join(map(str, cells))} |", flush=True)
    return median(own), float(packed)


def _make_table() -> None:
    import boto3

    boto3.client("dynamodb").create_table(
        TableName="bench",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "summary_in")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": INDEX,
                "KeySchema": [
                    {"AttributeName": "summary_in", "KeyType": "HASH"},
                    {"AttributeName": "pk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["summary"]},
            }
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
