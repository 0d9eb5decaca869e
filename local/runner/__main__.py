"""`python -m local.runner`: one template, run until SIGTERM.

A process of its own, so that its descendants are the function instances and nothing else. It is ready when the file
`runner.json` in its directory exists: `{"url": …, "lambda": …, "resources": {logical id: what !Ref gives}}`, and
`sockets` where there is a WebSocket API. When its parent dies it ends itself as on SIGTERM, and its instances are
killed by the kernel if it can't even do that.
"""

from __future__ import annotations

import argparse
import compileall
import ctypes
import json
import os
import select
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from local.runner.documents import TemplateError, read_template
from local.runner.gateway import Gateway
from local.runner.invocations import Ledger
from local.runner.lambdas import LambdaApi
from local.runner.pool import Pool
from local.runner.queues import QueueMapping
from local.runner.resources import Clients
from local.runner.sandbox import open_sandbox
from local.runner.schedules import Clock
from local.runner.socketroutes import SOCKET_API
from local.runner.sockets import SocketGateway
from local.runner.streams import StreamMapping
from local.runner.system import System, Wishes, build_system

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1
_TEND = 2.0


def main(arguments: Sequence[str]) -> int:
    """Run a template until SIGTERM or SIGINT; an exit code."""
    chosen = _parse(arguments)
    parent = os.getppid()
    # A pipe and not a lock: a handler runs between any two instructions of this thread, which may hold the lock.
    heard, told = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(told, b"."))
    # Asked of the kernel here rather than by who starts us: it should let us end our instances, not only kill us.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        return 1
    try:
        _run(chosen, heard)
    except TemplateError as error:
        print(f"{chosen.template}: {error}", file=sys.stderr)
        return 1
    return 0


def _run(chosen: argparse.Namespace, heard: int) -> None:
    """Run until something can be read from `heard`; then end the process, or raise what went wrong before that."""
    stopped = threading.Event()
    chosen.directory.mkdir(parents=True, exist_ok=True)
    ready = chosen.directory / "runner.json"
    ready.unlink(missing_ok=True)
    gateway, lambdas = Gateway(chosen.port), LambdaApi()
    clients, streams = _clients(chosen.endpoint, chosen.region)
    wishes = Wishes(chosen.stack, dict(chosen.parameter), chosen.sweep, chosen.visibility)
    template = read_template(chosen.template)
    sockets = SocketGateway() if any(each["Type"] == SOCKET_API for each in template["Resources"].values()) else None
    at = "" if sockets is None else sockets.url
    system = build_system(template, chosen.template.parent, gateway.url, clients, wishes, at)
    libraries = [path for path in chosen.library if path.is_dir()]
    functions = list(system.functions.values())
    for folder in (*libraries, *(function.code for function in functions)):
        # What is deployed is compiled when it is built; here nobody can write beside the code once it runs.
        compileall.compile_dir(folder, quiet=2)
    own = {"LAMBDA": lambdas.url} | ({} if sockets is None else {"APIGATEWAYMANAGEMENTAPI": sockets.management})
    sandbox = open_sandbox(
        chosen.directory, chosen.endpoint, chosen.region, libraries, chosen.tools, functions, os.environ, own
    )
    if sandbox.mode == "none":
        _say("this machine allows no namespaces: functions share /tmp and could write to their code")
    ledger = Ledger(chosen.directory)
    pools = {
        label: Pool(function, sandbox, ledger, chosen.concurrency, chosen.idle)
        for label, function in system.functions.items()
    }
    try:
        _wire(pools, clients, streams, stopped)
        lambdas.serve(pools, stopped)
        gateway.serve(pools, system.authorizers)
        if sockets is not None and system.sockets is not None:
            routes = {key: pools[label] for key, label in system.sockets.routes.items()}
            sockets.serve(routes, system.sockets.stage)
        _announce(ready, gateway.url, lambdas.url, at, system)
        while not select.select([heard], [], [], _TEND)[0]:
            for pool in pools.values():
                pool.tend()
    finally:
        stopped.set()
        ready.unlink(missing_ok=True)
        gateway.close()
        lambdas.close()
        if sockets is not None:
            sockets.close()
        for pool in pools.values():
            pool.close()
        sys.stdout.flush()
        # Threads may still wait for a poll that nobody will answer; nothing is left that could be lost.
        if sys.exc_info()[0] is None:
            os._exit(0)


def _wire(pools: dict[str, Pool], clients: Clients, streams: object, stopped: threading.Event) -> None:
    for pool in pools.values():
        for queue in pool.function.queues:
            QueueMapping(clients.sqs, clients.region, queue, pool, stopped, _say).start()
        for stream in pool.function.streams:
            StreamMapping(streams, stream, pool, stopped, _say).start()
        for schedule in pool.function.schedules:
            Clock(clients.region, schedule, pool, stopped, _say).start()


def _announce(ready: Path, url: str, lambdas: str, sockets: str, system: System) -> None:
    told = {"url": url, "lambda": lambdas, "resources": dict(system.resources)}
    if system.sockets is not None:
        told["sockets"] = f"{sockets}/{system.sockets.stage}"
    draft = ready.with_suffix(".draft")
    draft.write_text(json.dumps(told, indent=2))
    draft.replace(ready)


def _clients(endpoint: str, region: str) -> tuple[Clients, object]:
    import boto3
    from botocore.config import Config

    session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=region)
    config = Config(
        connect_timeout=5,
        read_timeout=60,
        retries={"total_max_attempts": 3},
        max_pool_connections=50,
        parameter_validation=False,
    )

    def make(service: str) -> object:
        return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]

    clients = Clients(region, *map(make, ("sqs", "dynamodb", "s3", "kms", "secretsmanager")))  # type: ignore[arg-type]
    return clients, make("dynamodbstreams")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.runner", description="Run a SAM template on this machine.")
    parser.add_argument("--template", type=_path, required=True)
    parser.add_argument("--directory", type=_path, required=True, help="where logs and private folders go")
    parser.add_argument("--endpoint", required=True, help="URL of the AWS endpoint")
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--stack", default="mooring", help="name of the stack, and so of its resources")
    parser.add_argument("--port", type=int, default=0, help="port of the HTTP API; 0 for any")
    parser.add_argument("--library", type=_path, action="append", default=[], help="folder for PYTHONPATH")
    parser.add_argument("--tools", type=_path, action="append", default=[], help="folder for PATH")
    parser.add_argument("--concurrency", type=int, default=2, help="most instances of each function")
    parser.add_argument("--idle", type=float, default=300.0, help="seconds until an idle instance ends")
    parser.add_argument("--sweep", type=float, help="seconds between ticks, whatever the template says")
    parser.add_argument("--visibility", type=int, help="visibility timeout of queues with a dead-letter queue")
    parser.add_argument("--parameter", type=_pair, action="append", default=[], metavar="NAME=VALUE")
    return parser.parse_args(arguments)


def _path(text: str) -> Path:
    return Path(text).absolute()


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text}: must be NAME=VALUE")
    return name, value


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
