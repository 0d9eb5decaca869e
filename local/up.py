"""`python -m local up`: a stack with somebody watching.

Stays until Ctrl-C, SIGTERM, or until a process of the stack ends by itself, and then ends all of it. The options are
those of `Stack`; the demo and the benchmark take the same ones.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from local import dashboard
from local.cluster import AccessError
from local.processes import StartError
from local.stack import Options, Stack
from local.tools import BuildError

__all__ = ["Options", "Stack", "add_arguments", "main", "read_options"]


def main(arguments: Sequence[str]) -> int:
    """`python -m local up`: a stack until Ctrl-C or SIGTERM; an exit code."""
    parser = argparse.ArgumentParser(prog="python -m local up", description="Start the stack and stay.")
    add_arguments(parser)
    options = read_options(parser.parse_args(arguments))
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell that starts us in the background ignores SIGINT for us
        signal.signal(number, _interrupt)
    try:
        dashboard.build(_print)
        with Stack.start(options, _print) as stack:
            _print(f"Mooring   {stack.mooring.url}\nwebhook   {stack.webhook.url}\ngit       {stack.git_url}")
            _print(f"cluster   {stack.cluster.server} (KUBECONFIG={stack.cluster.kubeconfig})")
            _print(f"all of it {stack.file}; Ctrl-C ends it")
            stack.watch()
    except (StartError, BuildError, AccessError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        _print("ended")
    return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a stack to a command; `read_options` reads them."""
    given = Options()
    parser.add_argument("--directory", type=Path, default=given.directory, help="where everything is kept (.local)")
    parser.add_argument("--kubeconfig", type=Path, help="use this cluster instead of starting one")
    parser.add_argument("--no-workloads", action="store_true", help="only an API server: no Deployment becomes ready")
    parser.add_argument("--sweep", type=float, metavar="SECONDS", help="seconds between two sweeps")
    parser.add_argument("--visibility", type=int, metavar="SECONDS", help="seconds until a lost message comes back")
    parser.add_argument("--concurrency", type=int, default=given.concurrency, help="most instances of each function")
    parser.add_argument("--audit", action="store_true", help="have the API server post its audit events to Mooring")
    parser.add_argument("--watch", action="store_true", help="with a function for clusters in the drift mode watch")
    parser.add_argument("--template", type=Path, default=given.template, help="run this template instead")
    parser.add_argument("--port", type=int, default=0, help="port of Mooring's API and webhook")
    parser.add_argument("--git-port", type=int, default=0, help="port of the git server")


def read_options(chosen: argparse.Namespace) -> Options:
    """Options from a command line."""
    return Options(
        directory=chosen.directory,
        template=chosen.template.absolute(),
        kubeconfig=chosen.kubeconfig,
        workloads=not chosen.no_workloads,
        sweep=chosen.sweep,
        visibility=chosen.visibility,
        concurrency=chosen.concurrency,
        port=chosen.port,
        git_port=chosen.git_port,
        audit=chosen.audit,
        parameters={"WatchConcurrency": "2"} if chosen.watch else {},
    )


def _interrupt(number: int, frame: FrameType | None) -> None:
    # Once: what follows is the end, and a second signal must not cut it short.
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _print(text: str) -> None:
    print(text, flush=True)
