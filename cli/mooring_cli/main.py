"""The entry of `mooring`: reads the command line, finds the API, runs one subcommand.

Exit codes are part of the interface: 0 done, 1 failed (or not in time), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mooring import __version__
from mooring.errors import MooringError
from mooring_cli.applications import add_app_commands, add_apply_command
from mooring_cli.applicationsets import add_set_commands
from mooring_cli.audit import add_audit_commands
from mooring_cli.blame import add_blame_command
from mooring_cli.bootstrap import add_bootstrap_command
from mooring_cli.client import Api
from mooring_cli.clusters import add_cluster_commands
from mooring_cli.drifts import add_drift_commands
from mooring_cli.endpoint import find_endpoint
from mooring_cli.gpgkeys import add_key_commands
from mooring_cli.hooks import add_hook_commands
from mooring_cli.images import add_image_commands
from mooring_cli.notifications import add_notification_commands
from mooring_cli.projects import add_project_commands
from mooring_cli.promotions import add_promotion_commands
from mooring_cli.registrations import add_repo_commands
from mooring_cli.sealing import add_sealing_commands
from mooring_cli.settings import add_settings_commands
from mooring_cli.waiting import WaitError

__all__ = ["main"]

FAILED = 1
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    args = _parser().parse_args(argv)
    try:
        if args.command == "version":
            return _version()
        endpoint = find_endpoint(url=args.url, token=args.token, environment=os.environ, directory=Path.cwd())
        code: int = args.run(Api(endpoint), args)
        sys.stdout.flush()
        return code
    except MooringError as error:
        print(f"error: {error}", file=sys.stderr)
    except WaitError as error:
        print(f"error: not in time: {error}", file=sys.stderr)
    except BrokenPipeError:
        # The reader of our output has enough (`| head`); without this, closing standard output would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return INTERRUPTED
    return FAILED


def _version() -> int:
    print(f"mooring {__version__}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mooring",
        description="GitOps without a control plane: applications from git to Kubernetes, from stateless functions.",
        epilog="Finds a running local stack by .local/stack.json here or above, else by MOORING_URL and MOORING_TOKEN.",
    )
    shared = argparse.ArgumentParser(add_help=False)
    # Given before or after the subcommand; SUPPRESS keeps the second parser from undoing what the first one read.
    for target, default in ((parser, None), (shared, argparse.SUPPRESS)):
        target.add_argument("--url", default=default, help="the address of Mooring's API")
        target.add_argument("--token", default=default, help="its bearer token (better: MOORING_TOKEN)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_apply_command(commands, shared)
    add_app_commands(commands, shared)
    add_set_commands(commands, shared)
    add_promotion_commands(commands, shared)
    add_bootstrap_command(commands, shared)
    add_cluster_commands(commands, shared)
    add_drift_commands(commands, shared)
    add_blame_command(commands, shared)
    add_audit_commands(commands, shared)
    add_repo_commands(commands, shared)
    add_project_commands(commands, shared)
    add_key_commands(commands, shared)
    add_hook_commands(commands, shared)
    add_image_commands(commands, shared)
    add_sealing_commands(commands, shared)
    add_settings_commands(commands, shared)
    add_notification_commands(commands, shared)
    commands.add_parser("version", parents=[shared], help="the version of this command")
    return parser


if __name__ == "__main__":
    sys.exit(main())
