"""`mooring repo …`: the repositories that Mooring may read, and as whom.

Secrets are read from files (or `-`, standard input), never from arguments, which every process of a machine can see.
The bodies are those of Argo CD's repository secrets ("Declarative Setup" in its documentation).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.frame import Group, prints
from mooring_cli.output import Output, warn
from mooring_cli.secrets import login_options, read_login, read_secret
from mooring_cli.tables import Page, table

__all__ = ["repos"]

repos = Group("repo", "the repositories that need credentials")


# Charts' own: the body's field, the option that names its file, and what the file holds.
_FILES: Final = (
    ("githubAppPrivateKey", "github_app_private_key_file", "A GitHub App's private key."),
    ("tlsClientCertData", "tls_client_cert_file", "Charts: a client certificate in PEM."),
    ("tlsClientCertKey", "tls_client_key_file", "Charts: its key."),
    ("caData", "ca_file", "Charts: the authority of the server's certificate."),
)


def _file_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for _, option, told in reversed(_FILES):
        click.option(f"--{option.replace('_', '-')}", metavar="FILE", help=told)(function)
    return function


@repos.verb("add", "register a repository, or change its credentials")
@click.argument("repository", required=False, metavar="URL")
@click.option("-f", "--filename", metavar="FILE", help="Argo CD's repository or repo-creds Secrets instead.")
@click.option(
    "--type", type=click.Choice(["git", "helm", "oci"]), default="git", help="What lies there (default: git)."
)
@click.option("--name", metavar="NAME", help="With --type helm or oci: what dependencies call it (@NAME).")
@login_options
@click.option("--github-app-id", metavar="ID", help="The GitHub App that reads it.")
@click.option("--github-app-installation-id", metavar="ID", help="The App's installation.")
@_file_options
@click.option("--insecure-skip-server-verification", is_flag=True, help="Charts: check no certificate.")
@click.option("--insecure-oci-force-http", is_flag=True, help="Charts: a registry without TLS.")
@click.option("--enable-lfs", is_flag=True, help="Replace Git LFS pointers by their objects.")
@prints()
def add_repo(
    api: Api, out: Output, repository: str | None, filename: str | None, type: str, name: str | None,
    github_app_id: str | None, github_app_installation_id: str | None,
    insecure_skip_server_verification: bool, insecure_oci_force_http: bool, enable_lfs: bool,
    **given: str | None,
) -> int:  # fmt: skip
    """Registers a repository's credentials under its URL, or those in Argo CD's Secrets."""
    if filename:
        from mooring_cli.documents import read_documents

        if repository:
            raise ConfigurationError("can't be given together with a URL", field="--filename")
        for _, document in read_documents(filename):
            _register(api, out, document)
        return 0
    if not repository:
        raise ConfigurationError("give the address of a repository, or a file with -f", field="URL")
    words = {
        "type": "" if type == "git" else type,
        "name": name,
        "githubAppID": github_app_id,
        "githubAppInstallationID": github_app_installation_id,
        "insecure": "true" if insecure_skip_server_verification else "",
        "insecureOCIForceHttp": "true" if insecure_oci_force_http else "",
        "enableLfs": "true" if enable_lfs else "",
    }
    files = {field: read_secret(file, whole=True) for field, option, _ in _FILES if (file := given[option])}
    _register(
        api, out, {"url": repository} | {n: word for n, word in words.items() if word} | read_login(given) | files
    )
    return 0


def _register(api: Api, out: Output, body: dict[str, Any]) -> None:
    answer = api.call("PUT", "repositories", body=body)
    warn(answer.get("warnings") or [])
    out.emit(answer, lambda: f"repository {answer.get('url') or body.get('url')} registered")


@repos.verb("list", "the registered repositories, without their secrets")
@click.option("--facts", is_flag=True, help="With what is known of each: commits, webhook, trouble.")
@prints(watch=True)
def list_repos(api: Api, out: Output, facts: bool) -> int:
    """`mooring repo list`."""
    answer = api.whole("repositories", query={"view": "facts"} if facts else None)
    heads, rows = ["URL", "TYPE", "NAME"], []
    for each in answer.get("items") or []:
        rows.append([each.get("url"), each.get("type") or "", each.get("name") or ""])
        if facts:
            rows[-1] += [each["applications"], _newest(each), _heard(each), len(each["troubles"]) or ""]
    out.emit(answer, lambda: table([*heads, "APPLICATIONS", "NEWEST", "WEBHOOK", "TROUBLES"] if facts else heads, rows))
    return 0


def _newest(repository: Mapping[str, Any]) -> str:
    newest = max(repository["refs"], key=lambda each: str(each["at"]), default=None)
    return f"{newest['target']} {newest['revision'][:8]} {newest['at']}" if newest else ""


def _heard(repository: Mapping[str, Any]) -> str:
    if "heard" not in repository:
        return ""
    heard = repository["heard"]
    return f"{heard['outcome']} {heard['at']}" if heard else "not heard for a week"


@repos.verb("get", "one registered repository, and what is known of it")
@click.argument("repository", metavar="URL")
@prints(watch=True)
def get_repo(api: Api, out: Output, repository: str) -> int:
    """Which commits renders have seen there, what went wrong, and whether its webhook was heard; no secrets."""
    found = api.call("GET", "repository", query={"url": repository})
    out.emit(found, lambda: _page(found))
    return 0


def _page(found: Mapping[str, Any]) -> Page:
    known = [(name, found[name]) for name in ("url", "type", "name", "applications") if name in found]
    webhook = [("webhook", _heard(found))] if "heard" in found and found["type"] == "git" else []
    parts: list[Any] = [table(["FIELD", "VALUE"], [*known, *webhook])]
    if found["refs"]:
        rows = [(e["repository"], e["chart"] or e["target"], e["revision"], e["at"], e["applications"])
                for e in found["refs"]]  # fmt: skip
        parts.append(table(["REPOSITORY", "REF", "REVISION", "SEEN", "APPLICATIONS"], rows))
    if found["troubles"]:
        told = [(e["at"], e["application"], e["message"]) for e in found["troubles"]]
        parts += [table(["AT", "APPLICATION", "TROUBLE"], told),
                  "`mooring app get APPLICATION --refresh` has the repository asked again."]  # fmt: skip
    return parts


@repos.verb("rm", "forget a repository and its credentials")
@click.argument("repository", metavar="URL", help="the address as `repo list` shows it")
@prints()
def remove_repo(api: Api, out: Output, repository: str) -> int:
    """`mooring repo rm`."""
    answer = api.call("DELETE", "repositories", query={"url": repository})
    out.emit(answer, lambda: f"repository {repository} forgotten")
    return 0
