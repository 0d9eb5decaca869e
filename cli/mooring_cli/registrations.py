"""`mooring repo …`: the repositories that Mooring may read, and as whom.

Secrets are read from files (or `-`, standard input), never from arguments, which every process of a machine can see.
The bodies are those of Argo CD's repository secrets ("Declarative Setup" in its documentation).
"""

from __future__ import annotations

import argparse
from typing import Any

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.output import add_output_option, emit, warn
from mooring_cli.pages import table
from mooring_cli.secrets import read_secret

__all__ = ["add_repo_commands"]


def add_repo_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring repo add|list|rm`."""
    repos = commands.add_parser("repo", help="the repositories that need credentials").add_subparsers(
        dest="subcommand", required=True, metavar="COMMAND"
    )
    parser = repos.add_parser("list", parents=[shared], help="the registered repositories, without their secrets")
    add_output_option(parser)
    parser.set_defaults(run=list_repos)

    parser = repos.add_parser("rm", parents=[shared], help="forget a repository and its credentials")
    parser.add_argument("repository", metavar="URL", help="the address as `repo list` shows it")
    add_output_option(parser)
    parser.set_defaults(run=remove_repo)

    parser = repos.add_parser("add", parents=[shared], help="register a repository, or change its credentials")
    parser.add_argument("repository", metavar="URL", nargs="?")
    parser.add_argument("-f", "--filename", metavar="FILE", help="Argo CD's repository or repo-creds Secrets instead")
    parser.add_argument("--type", choices=("git", "helm", "oci"), default="git", help="what lies there (default: git)")
    parser.add_argument("--name", metavar="NAME", help="with --type helm or oci: what dependencies call it (@NAME)")
    parser.add_argument("--username", metavar="NAME", help="for HTTPS, with --password-file")
    parser.add_argument("--password-file", metavar="FILE", help="a file with the password (- for standard input)")
    parser.add_argument("--token-file", metavar="FILE", help="a file with an access token (- for standard input)")
    parser.add_argument("--ssh-private-key-file", metavar="FILE", help="a private key without a passphrase")
    parser.add_argument("--ssh-known-hosts-file", metavar="FILE", help="the server's keys, as ssh-keyscan prints them")
    parser.add_argument("--tls-client-cert-file", metavar="FILE", help="charts: a client certificate in PEM")
    parser.add_argument("--tls-client-key-file", metavar="FILE", help="charts: its key")
    parser.add_argument("--ca-file", metavar="FILE", help="charts: the authority of the server's certificate")
    parser.add_argument("--insecure-skip-server-verification", action="store_true", help="charts: check no certificate")
    parser.add_argument("--insecure-oci-force-http", action="store_true", help="charts: a registry without TLS")
    parser.add_argument("--enable-lfs", action="store_true", help="replace Git LFS pointers by their objects")
    parser.add_argument("--github-app-id", metavar="ID")
    parser.add_argument("--github-app-installation-id", metavar="ID")
    parser.add_argument("--github-app-private-key-file", metavar="FILE")
    add_output_option(parser)
    parser.set_defaults(run=add_repo)


def add_repo(api: Api, args: argparse.Namespace) -> int:
    """Registers a repository's credentials under its URL, or those in Argo CD's Secrets."""
    if args.filename:
        from mooring_cli.documents import read_documents

        if args.repository:
            raise ConfigurationError("can't be given together with a URL", field="--filename")
        for _, document in read_documents(args.filename):
            _register(api, args, document)
        return 0
    if not args.repository:
        raise ConfigurationError("give the address of a repository, or a file with -f", field="URL")
    body: dict[str, str] = {"url": args.repository}
    if args.type != "git":
        body["type"] = args.type
    if args.name:
        body["name"] = args.name
    if args.insecure_skip_server_verification:
        body["insecure"] = "true"
    if args.insecure_oci_force_http:
        body["insecureOCIForceHttp"] = "true"
    if args.username:
        body["username"] = args.username
    for field, file in (
        ("password", args.password_file),
        ("token", args.token_file),
        ("sshPrivateKey", args.ssh_private_key_file),
        ("sshKnownHosts", args.ssh_known_hosts_file),
        ("githubAppPrivateKey", args.github_app_private_key_file),
        ("tlsClientCertData", args.tls_client_cert_file),
        ("tlsClientCertKey", args.tls_client_key_file),
        ("caData", args.ca_file),
    ):
        if file:
            body[field] = read_secret(file, whole=field.startswith(("ssh", "githubApp", "tls", "ca")))
    for field, value in (
        ("githubAppID", args.github_app_id),
        ("githubAppInstallationID", args.github_app_installation_id),
    ):
        if value:
            body[field] = value
    if args.enable_lfs:
        body["enableLfs"] = "true"
    _register(api, args, body)
    return 0


def _register(api: Api, args: argparse.Namespace, body: Any) -> None:
    answer = api.call("PUT", "repositories", body=body)
    warn(answer.get("warnings") or [])
    emit(args, answer, lambda: f"repository {answer.get('url') or args.repository} registered")


def list_repos(api: Api, args: argparse.Namespace) -> int:
    """`mooring repo list`."""
    answer = api.call("GET", "repositories")
    rows = [(r.get("url"), r.get("type") or "", r.get("name") or "") for r in answer.get("items") or []]
    emit(args, answer, lambda: table(["URL", "TYPE", "NAME"], rows))
    return 0


def remove_repo(api: Api, args: argparse.Namespace) -> int:
    """`mooring repo rm`."""
    answer = api.call("DELETE", "repositories", query={"url": args.repository})
    emit(args, answer, lambda: f"repository {args.repository} forgotten")
    return 0
