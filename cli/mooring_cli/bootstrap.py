"""`mooring bootstrap`: points an installation at the repository that declares everything else, and waits for it."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from mooring.errors import TransientError
from mooring_cli.client import Api
from mooring_cli.output import warn
from mooring_cli.secrets import read_secret
from mooring_cli.waiting import Goal, WaitError

__all__ = ["add_bootstrap_command"]

_CREDENTIALS = (
    ("password", "password_file"),
    ("token", "token_file"),
    ("sshPrivateKey", "ssh_private_key_file"),
    ("sshKnownHosts", "ssh_known_hosts_file"),
)


def add_bootstrap_command(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring bootstrap --repo URL`."""
    parser = commands.add_parser(
        "bootstrap", parents=[shared], help="declare the root application, from which everything else follows"
    )
    parser.add_argument("--repo", required=True, metavar="URL", help="the repository of the root application")
    parser.add_argument("--path", default=".", help="its folder with Applications and AppProjects (default: the top)")
    parser.add_argument("--revision", default="HEAD", help="branch, tag or commit (default: HEAD)")
    parser.add_argument("--name", default="root", help="the root application's name (default: root)")
    parser.add_argument("--project", default="default", help="the root application's project (default: default)")
    parser.add_argument("--username", metavar="NAME", help="for HTTPS, with --password-file")
    parser.add_argument("--password-file", metavar="FILE", help="a file with the password (- for standard input)")
    parser.add_argument("--token-file", metavar="FILE", help="a file with an access token (- for standard input)")
    parser.add_argument("--ssh-private-key-file", metavar="FILE", help="a private key without a passphrase")
    parser.add_argument("--ssh-known-hosts-file", metavar="FILE", help="the server's keys, as ssh-keyscan prints them")
    parser.add_argument("--async", dest="asynchronous", action="store_true", help="declare it and return")
    parser.add_argument(
        "--timeout", type=float, default=300.0, metavar="SECONDS", help="give up after (default: 300; 0 means never)"
    )
    parser.set_defaults(run=bootstrap)


def bootstrap(api: Api, args: argparse.Namespace) -> int:
    """Registers the credentials, declares the root, and follows it and its children until all are well."""
    credential = {field: read_secret(file, whole=field.startswith("ssh")) for field, file in _given(args)}
    if args.username:
        credential["username"] = args.username
    if credential:
        warn(api.call("PUT", "repositories", body={"url": args.repo, **credential}).get("warnings") or [])
        print(f"repository {args.repo} registered")
    asked = {"repoURL": args.repo, "path": args.path, "targetRevision": args.revision}
    answer = api.call("POST", "bootstrap", body={**asked, "name": args.name, "project": args.project})
    warn(answer.get("warnings") or [])
    print(f"application {args.name} declared")
    if not args.asynchronous:
        _follow(api, args.name, args.timeout)
    return 0


def _given(args: argparse.Namespace) -> list[tuple[str, str]]:
    return [(field, file) for field, option in _CREDENTIALS if (file := getattr(args, option))]


def _follow(api: Api, name: str, timeout: float) -> None:
    """Prints a line for every change of the root or of a child, until the root is synced and healthy."""
    deadline = time.monotonic() + timeout if timeout else None
    told: dict[str, str] = {}
    missing = ["nothing is known yet"]
    while True:
        try:
            root = api.call("GET", "applications", name)
            for line in _lines(name, root):
                label, _, state = line.partition(": ")
                if told.get(label) != state:
                    told[label] = state
                    print(line)
            sys.stdout.flush()
            missing = Goal().missing(root)
            if not missing:
                return
        except TransientError as error:
            missing = [str(error)]
        if deadline is not None and time.monotonic() > deadline:
            raise WaitError(f"{name}: {'; '.join(missing)}")
        time.sleep(1.0)


def _lines(name: str, root: dict[str, Any]) -> list[str]:
    """The state of the root and of each child, one line each; what is wrong with the root as well."""
    status = root.get("status") or {}
    lines = [f"{name}: {_state(status)}"]
    errors = [each for each in status.get("conditions") or [] if "Error" in str(each.get("type"))]
    lines += [f"{name} {each['type']}: {each.get('message') or ''}" for each in errors]
    for child in status.get("resources") or []:
        health = child.get("health") or {}
        told = f" ({health['message']})" if health.get("message") else ""
        lines.append(f"{child['kind']} {child['name']}: {child.get('status')}, {health.get('status') or '-'}{told}")
    return lines


def _state(status: dict[str, Any]) -> str:
    sync, health = (status.get("sync") or {}).get("status"), (status.get("health") or {}).get("status")
    return f"{sync or 'Unknown'}, {health or 'Unknown'}"
