"""`mooring cluster …`: what Mooring may reach, and as whom.

Secrets are read from files (or `-`, standard input), never from arguments, which every process of a machine can see.
What is sent is Mooring's own form of a registration, or Argo CD's cluster Secret as it was written.
"""

from __future__ import annotations

import argparse
import base64
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError
from mooring_cli.auditing import add_audit_options, audit_webhook
from mooring_cli.client import Api
from mooring_cli.output import add_output_option, emit, warn
from mooring_cli.pages import table
from mooring_cli.secrets import read_secret
from mooring_cli.waiting import WaitError

__all__ = ["add_cluster_commands"]

_LONGEST_PAUSE = 2.0


def add_cluster_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring cluster add|list|get|set|rm|doctor|audit-webhook`."""
    clusters = commands.add_parser("cluster", help="the clusters that Mooring may deploy to").add_subparsers(
        dest="subcommand", required=True, metavar="COMMAND"
    )

    def command(name: str, run: Callable[[Api, argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = clusters.add_parser(name, parents=[shared], help=help)
        add_output_option(parser)
        parser.set_defaults(run=run)
        return parser

    command("list", list_clusters, "the registered clusters")
    command("get", get_cluster, "one cluster").add_argument("name", metavar="NAME")
    _add_options(command("add", add_cluster, "register a cluster, or change its registration"))
    parser = command("set", set_cluster, "change what is registered beside address and credentials")
    parser.add_argument("name", metavar="NAME")
    _add_properties(parser)
    parser = command("rm", remove_cluster, "forget a cluster; what was applied there stays")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--force", action="store_true", help="although applications are deployed there")
    add_audit_options(command("audit-webhook", audit_webhook, "let its API server send audit events"))
    parser = command("doctor", examine_cluster, "what can be reached, and which rights are missing")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--timeout", type=float, default=90.0, metavar="SECONDS", help="how long to wait (90)")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?")
    parser.add_argument("-f", "--filename", metavar="FILE", help="Argo CD's cluster Secrets (- for standard input)")
    parser.add_argument("--server", metavar="URL", help="the API server's address (default: as the kubeconfig says)")
    parser.add_argument("--kubeconfig", metavar="FILE", help="take address, certificates and token from this file")
    parser.add_argument("--kubeconfig-secret", metavar="NAME", help="a secret in Secrets Manager that holds one")
    parser.add_argument("--context", metavar="NAME", help="this context of it (default: the current one)")
    parser.add_argument("--bearer-token-file", metavar="FILE", help="a file with a token (- for standard input)")
    parser.add_argument("--ca-file", metavar="FILE", help="a PEM file with the authority of the server's certificate")
    parser.add_argument("--eks", "--eks-cluster", dest="eks", metavar="NAME", help="an EKS cluster: sign in with IAM")
    parser.add_argument("--region", metavar="REGION", help="with --eks: its region (default: Mooring's own)")
    parser.add_argument("--role-arn", metavar="ARN", help="with --eks: the IAM role to assume first (another account)")
    parser.add_argument("--create-access-entry", action="store_true", help="with --eks: let Mooring in, as yourself")
    parser.add_argument("--principal-arn", metavar="ARN", help="the role to let in (default: Mooring's, or --role-arn)")
    parser.add_argument("--access-policy", metavar="NAME", default="", help="an EKS access policy instead of a group")
    parser.add_argument("--aws-profile", metavar="NAME", help="your AWS profile for --create-access-entry")
    _add_properties(parser)


def _add_properties(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--default",
        action="store_const",
        const=True,
        help="also known as in-cluster and https://kubernetes.default.svc",
    )
    parser.add_argument(
        "--label", action="append", default=[], metavar="K=V", help="a label, for generators (K- removes)"
    )
    parser.add_argument("--annotation", action="append", default=[], metavar="K=V", help="an annotation (K- removes)")
    parser.add_argument(
        "--drift",
        dest="annotation",
        action="append",
        type=_drift,
        metavar="MODE",
        help="how drift is noticed beside the sweep: sweep (not at all), watch or audit (docs/drift.md)",
    )
    parser.add_argument("--project", metavar="NAME", help="the project that it belongs to alone")
    parser.add_argument("--requests-per-second", type=int, metavar="N", help="at most so many a function (0: no limit)")
    parser.add_argument("--at-once", type=int, metavar="N", help="at most so many under way (0: no limit)")


def _drift(mode: str) -> str:
    """A mode of noticing drift, as the annotation that says it."""
    if mode not in ("sweep", "watch", "audit"):
        raise argparse.ArgumentTypeError(f"{mode!r} is none of sweep, watch and audit")
    return f"mooring.dev/drift={mode}"


def add_cluster(api: Api, args: argparse.Namespace) -> int:
    """Registers a cluster under its name, or those that a file describes."""
    if args.filename:
        return _add_from_file(api, args)
    if not args.name:
        raise ConfigurationError("give the cluster a name, or a file with Argo CD's Secret (-f)", field="NAME")
    known: dict[str, Any] = {}
    if args.label or args.annotation:
        known = next((c for c in api.items("clusters") if c.get("name") == args.name), {})
    answer = api.call("PUT", "clusters", args.name, body=_login(args) | _properties(args, known))
    warn(answer.get("warnings") or [])
    lines = [f"cluster {args.name} registered ({answer.get('server') or 'its address is looked up now'})"]
    if args.eks:
        lines += _let_in(api, args)
    lines.append(f"`mooring cluster doctor {args.name}` says whether it can be used")
    emit(args, answer, lambda: "\n".join(lines))
    return 0


def _add_from_file(api: Api, args: argparse.Namespace) -> int:
    from mooring_cli.documents import read_documents

    if args.name:
        raise ConfigurationError("is part of the Secret (data.name); leave it out", field="NAME")
    answers = []
    for _, document in read_documents(args.filename):
        answer = api.call("POST", "clusters", body=document)
        warn(answer.get("warnings") or [])
        answers.append(answer)
    lines = [f"cluster {answer.get('name')} registered ({answer.get('server')})" for answer in answers]
    emit(args, {"items": answers}, lambda: "\n".join(lines))
    return 0


def _login(args: argparse.Namespace) -> dict[str, Any]:
    """The part of a registration that says where, and as whom."""
    if args.kubeconfig_secret:
        context = {"context": args.context} if args.context else {}
        return {"kubeconfigSecret": {"name": args.kubeconfig_secret} | context}
    role = {"roleARN": args.role_arn} if args.role_arn else {}
    if args.eks and not args.server:
        region = {"region": args.region} if args.region else {}
        return {"eks": {"clusterName": args.eks} | region | role}
    server: str | None = args.server
    config: dict[str, Any] = {}
    if args.kubeconfig:
        from mooring_cli.kubeconfig import read_kubeconfig

        found, config = read_kubeconfig(Path(args.kubeconfig), args.context)
        server = server or found
    if not server:
        raise ConfigurationError(
            "give the address of the API server, or a --kubeconfig, --kubeconfig-secret or --eks", field="--server"
        )
    if args.bearer_token_file:
        config["bearerToken"] = read_secret(args.bearer_token_file)
    if args.ca_file:
        pem = Path(args.ca_file).read_bytes()
        config.setdefault("tlsClientConfig", {})["caData"] = base64.b64encode(pem).decode()
    if args.eks:
        config["awsAuthConfig"] = {"clusterName": args.eks} | role
    return {"server": server, "config": config}


def _properties(args: argparse.Namespace, known: Mapping[str, Any]) -> dict[str, Any]:
    """What is registered beside: only what was given, merged into what is known."""
    body: dict[str, Any] = {}
    for name, given in (("labels", args.label), ("annotations", args.annotation)):
        if given:
            body[name] = _changed(known.get(name) or {}, given, f"--{name[:-1]}")
    if args.default:
        body["default"] = True
    if args.project is not None:
        body["project"] = args.project
    if args.requests_per_second is not None or args.at_once is not None:
        limits = known.get("limits") or {}
        given_limits = {"requestsPerSecond": args.requests_per_second, "atOnce": args.at_once}
        limits = {name: int(value) for name, value in limits.items()}
        body["limits"] = limits | {name: value for name, value in given_limits.items() if value is not None}
    return body


def _changed(known: Mapping[str, str], given: Sequence[str], option: str) -> dict[str, str]:
    changed = dict(known)
    for each in given:
        key, equals, value = each.partition("=")
        if equals and key:
            changed[key] = value
        elif not equals and key.endswith("-"):
            changed.pop(key[:-1], None)
        else:
            raise ConfigurationError(f"must be KEY=VALUE, or KEY- to remove it, not {each!r}", field=option)
    return changed


def _let_in(api: Api, args: argparse.Namespace) -> list[str]:
    """Creates the access entry, or says how."""
    from mooring_cli.eks import AccessEntry, create_access_entry, instructions

    principal = args.principal_arn or args.role_arn or api.call("GET", "clusters").get("syncRole") or ""
    if not principal:
        if args.create_access_entry:
            raise ConfigurationError("name the role to let in: the stack's output SyncRoleArn", field="--principal-arn")
        principal = "SYNC_ROLE_ARN"
    entry = AccessEntry(args.eks, principal, args.region or "", args.access_policy)
    if not args.create_access_entry:
        return ["", "Let Mooring in, once, as somebody who may:", "", instructions(entry), ""]
    done = create_access_entry(entry, profile=args.aws_profile)
    if args.access_policy:
        return [done]
    return [done, "", "and give its group rights:", "", instructions(entry).partition("\n")[2], ""]


def set_cluster(api: Api, args: argparse.Namespace) -> int:
    """Changes labels, annotations, limits and the like."""
    known = api.call("GET", "clusters", args.name)
    body = _properties(args, known)
    if not body:
        raise ConfigurationError("say what to change: --label, --annotation, --project, --default, …", field="set")
    answer = api.call("PATCH", "clusters", args.name, body=body)
    warn(answer.get("warnings") or [])
    emit(args, answer, lambda: f"cluster {args.name} changed")
    return 0


def remove_cluster(api: Api, args: argparse.Namespace) -> int:
    """Forgets a cluster and its credentials."""
    answer = api.call("DELETE", "clusters", args.name, query={"force": "true"} if args.force else None)
    emit(args, answer, lambda: f"cluster {args.name} removed; nothing in it was changed")
    return 0


def list_clusters(api: Api, args: argparse.Namespace) -> int:
    """`mooring cluster list`."""
    answer = api.call("GET", "clusters")
    rows = [
        (c.get("name"), c.get("server"), "yes" if c.get("default") else "", c.get("version"), _trouble(c))
        for c in answer.get("items") or []
    ]
    emit(args, answer, lambda: table(["NAME", "SERVER", "DEFAULT", "VERSION", "TROUBLE"], rows))
    return 0


def _trouble(cluster: Mapping[str, Any]) -> str:
    outage = cluster.get("unreachable")
    return f"unreachable since {outage['since']}" if outage else ""


def get_cluster(api: Api, args: argparse.Namespace) -> int:
    """`mooring cluster get`."""
    answer = api.call("GET", "clusters", args.name)
    emit(args, answer, lambda: _page(answer))
    return 0


def _page(cluster: Mapping[str, Any]) -> str:
    rows: list[tuple[str, str]] = []
    for name, value in cluster.items():
        if isinstance(value, dict):
            rows.append((name, ", ".join(f"{key}={each}" for key, each in sorted(value.items()))))
        elif isinstance(value, list):
            rows.append((name, ", ".join(map(str, value))))
        else:
            rows.append((name, str(value)))
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in rows)


def examine_cluster(api: Api, args: argparse.Namespace) -> int:
    """Has the cluster examined by the function that reaches it, and waits for what it finds."""
    check = str(api.call("POST", "clusters", args.name, "check")["check"]["id"])
    deadline, pause = time.monotonic() + args.timeout, 0.2
    while not (answer := api.call("GET", "clusters", args.name, "check", check)).get("done"):
        if time.monotonic() + pause > deadline:
            raise WaitError(
                f"the function sync has not answered within {args.timeout:g} s; look at its log, and whether the "
                "queue of syncs moves"
            )
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)
    found = answer["found"]
    emit(args, found, lambda: _findings(found))
    return 0 if found["reachable"] and all(step["ok"] for step in found["steps"]) else 1


def _findings(found: Mapping[str, Any]) -> str:
    rows = [("ok" if step["ok"] else "FAILS", str(step["step"]), str(step["message"])) for step in found["steps"]]
    lines = [f"{mark:<6}{step:<13}{message}" for mark, step, message in rows]
    if found.get("version"):
        lines.append(f"{'':<6}{'version':<13}{found['version']}")
    return "\n".join(lines)
