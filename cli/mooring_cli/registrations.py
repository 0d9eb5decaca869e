"""`mooring cluster …` and `mooring repo …`: what Mooring may reach, and as whom.

Secrets are read from files (or `-`, standard input), never from arguments, which every process of a machine can see.
The bodies are those of Argo CD's cluster and repository secrets ("Declarative Setup" in its documentation).
"""

from __future__ import annotations

import argparse
import base64
import sys
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.output import add_output_option, emit, warn
from mooring_cli.pages import table

__all__ = ["add_cluster_commands", "add_repo_commands"]


def add_cluster_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring cluster add|list`."""
    clusters = commands.add_parser("cluster", help="the clusters that Mooring may deploy to").add_subparsers(
        dest="subcommand", required=True, metavar="COMMAND"
    )
    parser = clusters.add_parser("list", parents=[shared], help="the registered clusters")
    add_output_option(parser)
    parser.set_defaults(run=list_clusters)

    parser = clusters.add_parser("add", parents=[shared], help="register a cluster, or change its registration")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--server", metavar="URL", help="the API server's address (default: as the kubeconfig says)")
    parser.add_argument("--kubeconfig", metavar="FILE", help="take address, certificates and token from this file")
    parser.add_argument("--context", metavar="NAME", help="this context of it (default: the current one)")
    parser.add_argument("--bearer-token-file", metavar="FILE", help="a file with a token (- for standard input)")
    parser.add_argument("--ca-file", metavar="FILE", help="a PEM file with the authority of the server's certificate")
    parser.add_argument("--eks-cluster", metavar="NAME", help="an EKS cluster: sign in with IAM")
    parser.add_argument("--role-arn", metavar="ARN", help="with --eks-cluster: the IAM role to assume first")
    parser.add_argument(
        "--default", action="store_true", help="also known as in-cluster and https://kubernetes.default.svc"
    )
    add_output_option(parser)
    parser.set_defaults(run=add_cluster)


def add_repo_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring repo add|list`."""
    repos = commands.add_parser("repo", help="the repositories that need credentials").add_subparsers(
        dest="subcommand", required=True, metavar="COMMAND"
    )
    parser = repos.add_parser("list", parents=[shared], help="the registered repositories, without their secrets")
    add_output_option(parser)
    parser.set_defaults(run=list_repos)

    parser = repos.add_parser("add", parents=[shared], help="register a repository, or change its credentials")
    parser.add_argument("repository", metavar="URL")
    parser.add_argument("--username", metavar="NAME", help="for HTTPS, with --password-file")
    parser.add_argument("--password-file", metavar="FILE", help="a file with the password (- for standard input)")
    parser.add_argument("--token-file", metavar="FILE", help="a file with an access token (- for standard input)")
    parser.add_argument("--ssh-private-key-file", metavar="FILE", help="a private key without a passphrase")
    parser.add_argument("--ssh-known-hosts-file", metavar="FILE", help="the server's keys, as ssh-keyscan prints them")
    parser.add_argument("--github-app-id", metavar="ID")
    parser.add_argument("--github-app-installation-id", metavar="ID")
    parser.add_argument("--github-app-private-key-file", metavar="FILE")
    add_output_option(parser)
    parser.set_defaults(run=add_repo)


def add_cluster(api: Api, args: argparse.Namespace) -> int:
    """Registers a cluster under its name."""
    server: str | None = args.server
    config: dict[str, Any] = {}
    if args.kubeconfig:
        from mooring_cli.kubeconfig import read_kubeconfig

        found, config = read_kubeconfig(Path(args.kubeconfig), args.context)
        server = server or found
    if not server:
        raise ConfigurationError("give the address of the API server, or a --kubeconfig", field="--server")
    if args.bearer_token_file:
        config["bearerToken"] = _secret(args.bearer_token_file)
    if args.ca_file:
        pem = Path(args.ca_file).read_bytes()
        config.setdefault("tlsClientConfig", {})["caData"] = base64.b64encode(pem).decode()
    if args.eks_cluster:
        config["awsAuthConfig"] = {"clusterName": args.eks_cluster} | (
            {"roleARN": args.role_arn} if args.role_arn else {}
        )
    body: dict[str, Any] = {"server": server, "config": config} | ({"default": True} if args.default else {})
    answer = api.call("PUT", "clusters", args.name, body=body)
    warn(answer.get("warnings") or [])
    emit(args, answer, lambda: f"cluster {args.name} registered ({server})")
    return 0


def list_clusters(api: Api, args: argparse.Namespace) -> int:
    """`mooring cluster list`."""
    answer = api.call("GET", "clusters")
    rows = [(c.get("name"), c.get("server"), "yes" if c.get("default") else "") for c in answer.get("items") or []]
    emit(args, answer, lambda: table(["NAME", "SERVER", "DEFAULT"], rows))
    return 0


def add_repo(api: Api, args: argparse.Namespace) -> int:
    """Registers a repository's credentials under its URL."""
    body: dict[str, str] = {"url": args.repository}
    if args.username:
        body["username"] = args.username
    for field, file in (
        ("password", args.password_file),
        ("token", args.token_file),
        ("sshPrivateKey", args.ssh_private_key_file),
        ("sshKnownHosts", args.ssh_known_hosts_file),
        ("githubAppPrivateKey", args.github_app_private_key_file),
    ):
        if file:
            body[field] = _secret(file, whole=field.startswith(("ssh", "githubApp")))
    for field, value in (
        ("githubAppID", args.github_app_id),
        ("githubAppInstallationID", args.github_app_installation_id),
    ):
        if value:
            body[field] = value
    answer = api.call("PUT", "repositories", body=body)
    warn(answer.get("warnings") or [])
    emit(args, answer, lambda: f"repository {args.repository} registered")
    return 0


def list_repos(api: Api, args: argparse.Namespace) -> int:
    """`mooring repo list`."""
    answer = api.call("GET", "repositories")
    rows = [(r.get("url"), r.get("type") or r.get("kind") or r.get("credentials")) for r in answer.get("items") or []]
    emit(args, answer, lambda: table(["URL", "CREDENTIALS"], rows))
    return 0


def _secret(file: str, *, whole: bool = False) -> str:
    """A secret's text; a key keeps the line feed at its end, a token or password loses it."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't read it: {type(error).__name__}", field=file) from error
    return text if whole else text.strip()
