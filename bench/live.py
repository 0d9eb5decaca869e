"""From a write in the table to the message on an open page: `python -m bench live [--writes N] [--pages N]`.

A local stack with pages that hold real WebSockets. Each write is one status of an application, a second or so after the
one before, at moments that do not keep step with who reads the stream. What is measured ends when the last of the pages
has the message. The runner asks the stream four times a second, as Lambda does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import urllib3
from websockets.sync.client import ClientConnection, connect

from bench.processes import resident_megabytes
from local.demo.instances import instances
from local.stack import Options, Stack
from mooring.state.packing import pack

__all__ = ["main"]

_PATIENCE = 30.0
_NAME = "argocd/measured"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.live", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--writes", type=int, default=50)
    parser.add_argument("--pages", type=int, default=3)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mooring-bench-") as directory, contextlib.ExitStack() as opened:
        options = Options(directory=Path(directory), workloads=False, sweep=36_000)
        stack = Stack.start(options, lambda text: print(text, file=sys.stderr, flush=True))
        opened.callback(stack.stop)
        pages = [opened.enter_context(_page(stack)) for _ in range(chosen.pages)]
        table: Any = stack.client("dynamodb")
        name = stack.resources["Table"]
        spec = {"declared": {"spec": {"project": "default"}}}
        table.put_item(TableName=name, Item=_item("SPEC", body={"B": pack(spec)}))
        _heard(pages)
        seconds, started = [], time.time()
        for number in range(chosen.writes):
            time.sleep(1 + random.random())
            begun = time.monotonic()
            table.put_item(TableName=name, Item=_item("STATUS", revision={"S": str(number)}))
            _heard(pages)
            seconds.append(time.monotonic() - begun)
        memory = max(resident_megabytes([pid]) for pid in instances(stack.pids["runner"], "live"))
        spent = _spent(Path(directory), started)
    print("| writes | pages | p50 s | worst s | of that in `live` (warm, median) ms | resident MB |")
    print("| --- | --- | --- | --- | --- | --- |")
    median, worst = statistics.median(seconds), max(seconds)
    print(f"| {chosen.writes} | {chosen.pages} | {median:.2f} | {worst:.2f} | {spent:.0f} | {memory:.0f} |")
    return 0


def _page(stack: Stack) -> contextlib.AbstractContextManager[ClientConnection]:
    headers = {"Authorization": f"Bearer {stack.mooring.secret}"}
    answer = urllib3.request("POST", f"{stack.mooring.url}/api/v1/stream", body=b"{}", headers=headers, retries=False)
    ticket = answer.json()

    @contextlib.contextmanager
    def opened() -> Any:
        with connect(ticket["url"], proxy=None) as page:
            page.send(json.dumps({"ticket": ticket["ticket"], "topics": ["applications"]}))
            assert "listening" in json.loads(page.recv(timeout=_PATIENCE))
            yield page

    return opened()


def _heard(pages: Sequence[ClientConnection]) -> None:
    for page in pages:
        (change,) = json.loads(page.recv(timeout=_PATIENCE))["changed"]
        assert change["name"] == _NAME, change


def _item(part: str, **attributes: Any) -> dict[str, Any]:
    return {"pk": {"S": f"APP#{_NAME}"}, "sk": {"S": part}, **attributes}


def _spent(directory: Path, since: float) -> float:
    """Milliseconds of an invocation that tells of a write, once a page has heard of one."""
    (path,) = directory.rglob("invocations.jsonl")
    lines = (json.loads(line) for line in path.read_text().splitlines())
    return statistics.median(
        each["duration_ms"] for each in lines if each["function"] == "live" and each["at"] > since and not each["cold"]
    )


if __name__ == "__main__":
    sys.exit(main())
