"""`mooring cluster add` and `set`: which cluster, how it is signed in to, and what is registered beside.

Secrets are read from files (or `-`, standard input), never from arguments, which every process of a machine can see.
What is sent is Mooring's own form of a registration, or Argo CD's cluster Secret as it was written.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api, NotFoundError
from mooring_cli.completion import cluster_names, project_names
from mooring_cli.frame import prints, verb
from mooring_cli.labels import changed
from mooring_cli.output import Output, warn
from mooring_cli.secrets import read_secret

__all__ = ["add_cluster", "set_cluster"]

_MODES: Final = ("sweep", "watch", "audit")


@dataclass(frozen=True, slots=True)
class _Login:
    """Where a cluster is, and as whom it is entered: as the options of `cluster add` say it."""

    server: str | None
    kubeconfig: str | None
    kubeconfig_secret: str | None
    context: str | None
    bearer_token_file: str | None
    ca_file: str | None
    eks: str | None
    region: str | None
    role_arn: str | None
    create_access_entry: bool
    principal_arn: str | None
    access_policy: str
    aws_profile: str | None

    def body(self) -> dict[str, Any]:
        """The part of a registration that says so. Raises `ConfigurationError`."""
        if self.kubeconfig_secret:
            context = {"context": self.context} if self.context else {}
            return {"kubeconfigSecret": {"name": self.kubeconfig_secret} | context}
        role = {"roleARN": self.role_arn} if self.role_arn else {}
        if self.eks and not self.server:
            region = {"region": self.region} if self.region else {}
            return {"eks": {"clusterName": self.eks} | region | role}
        server = self.server
        config: dict[str, Any] = {}
        if self.kubeconfig:
            from mooring_cli.kubeconfig import read_kubeconfig

            found, config = read_kubeconfig(Path(self.kubeconfig), self.context)
            server = server or found
        if not server:
            raise ConfigurationError(
                "give the address of the API server, or a --kubeconfig, --kubeconfig-secret or --eks", field="--server"
            )
        if self.bearer_token_file:
            config["bearerToken"] = read_secret(self.bearer_token_file)
        if self.ca_file:
            pem = Path(self.ca_file).read_bytes()
            config.setdefault("tlsClientConfig", {})["caData"] = base64.b64encode(pem).decode()
        if self.eks:
            config["awsAuthConfig"] = {"clusterName": self.eks} | role
        return {"server": server, "config": config}


@dataclass(frozen=True, slots=True)
class _Properties:
    """What is registered beside address and credentials: only what was given."""

    default: bool
    label: tuple[str, ...]
    annotation: tuple[str, ...]
    drift: str | None
    project: str | None
    requests_per_second: int | None
    at_once: int | None

    @property
    def annotations(self) -> tuple[str, ...]:
        """With the annotation that says how drift is noticed."""
        return (*self.annotation, f"mooring.dev/drift={self.drift}") if self.drift else self.annotation

    def body(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """Merged into what is known. Raises `ConfigurationError`."""
        body: dict[str, Any] = {}
        for name, given in (("labels", self.label), ("annotations", self.annotations)):
            if given:
                body[name] = changed(known.get(name) or {}, given, f"--{name[:-1]}")
        if self.default:
            body["default"] = True
        if self.project is not None:
            body["project"] = self.project
        limits = {"requestsPerSecond": self.requests_per_second, "atOnce": self.at_once}
        if wanted := {name: value for name, value in limits.items() if value is not None}:
            body["limits"] = {name: int(value) for name, value in (known.get("limits") or {}).items()} | wanted
        return body


def _login_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed((
        click.option("--server", metavar="URL", help="The API server's address (default: as the kubeconfig says)."),
        click.option("--kubeconfig", metavar="FILE", help="Take address, certificates and token from this file."),
        click.option("--kubeconfig-secret", metavar="NAME", help="A secret in Secrets Manager that holds one."),
        click.option("--context", metavar="NAME", help="This context of it (default: the current one)."),
        click.option("--bearer-token-file", metavar="FILE", help="A file with a token (- for standard input)."),
        click.option("--ca-file", metavar="FILE", help="A PEM file with the authority of the server's certificate."),
        click.option("--eks", "--eks-cluster", "eks", metavar="NAME", help="An EKS cluster: sign in with IAM."),
        click.option("--region", metavar="REGION", help="With --eks: its region (default: Mooring's own)."),
        click.option("--role-arn", metavar="ARN", help="With --eks: the IAM role to assume first (another account)."),
        click.option("--create-access-entry", is_flag=True, help="With --eks: let Mooring in, as yourself."),
        click.option("--principal-arn", metavar="ARN", help="The role to let in (default: Mooring's, or --role-arn)."),
        click.option("--access-policy", default="", metavar="NAME", help="An EKS access policy instead of a group."),
        click.option("--aws-profile", metavar="NAME", help="Your AWS profile for --create-access-entry."),
    )):  # fmt: skip
        function = option(function)
    return function


def _property_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed((
        click.option("--default", is_flag=True, help="Also known as in-cluster and https://kubernetes.default.svc."),
        click.option("--label", multiple=True, metavar="K=V", help="A label, for generators (K- removes)."),
        click.option("--annotation", multiple=True, metavar="K=V", help="An annotation (K- removes)."),
        click.option("--drift", type=click.Choice(_MODES), help="How drift is noticed beside the sweep: sweep "
                     "(not at all), watch or audit (docs/drift.md)."),
        click.option("--project", metavar="NAME", shell_complete=project_names,
                     help="The project that it belongs to alone."),
        click.option("--requests-per-second", type=int, metavar="N", help="At most so many a function (0: no limit)."),
        click.option("--at-once", type=int, metavar="N", help="At most so many under way (0: no limit)."),
    )):  # fmt: skip
        function = option(function)
    return function


@verb("add", "register a cluster, or change its registration")
@click.argument("name", required=False)
@click.option("-f", "--filename", metavar="FILE", help="Argo CD's cluster Secrets (- for standard input).")
@_login_options
@_property_options
@prints()
def add_cluster(api: Api, out: Output, name: str | None, filename: str | None, **options: Any) -> int:
    """Registers a cluster under its name, or those that a file describes."""
    if filename:
        return _add_from_file(api, out, name, filename)
    if not name:
        raise ConfigurationError("give the cluster a name, or a file with Argo CD's Secret (-f)", field="NAME")
    login = _Login(**{each: options.pop(each) for each in _Login.__dataclass_fields__})
    properties = _Properties(**options)
    known: dict[str, Any] = {}
    tag = ""
    if properties.label or properties.annotations:
        with suppress(NotFoundError):
            known, tag = api.call("GET", "clusters", name), api.tag
    answer = api.call("PUT", "clusters", name, body=login.body() | properties.body(known), match=tag)
    warn(answer.get("warnings") or [])
    lines = [f"cluster {name} registered ({answer.get('server') or 'its address is looked up now'})"]
    if login.eks:
        lines += _let_in(api, login, login.eks)
    lines.append(f"`mooring cluster doctor {name}` says whether it can be used")
    out.emit(answer, lambda: "\n".join(lines))
    return 0


def _add_from_file(api: Api, out: Output, name: str | None, filename: str) -> int:
    from mooring_cli.documents import read_documents

    if name:
        raise ConfigurationError("is part of the Secret (data.name); leave it out", field="NAME")
    answers = []
    for _, document in read_documents(filename):
        answer = api.call("POST", "clusters", body=document)
        warn(answer.get("warnings") or [])
        answers.append(answer)
    lines = [f"cluster {answer.get('name')} registered ({answer.get('server')})" for answer in answers]
    out.emit({"items": answers}, lambda: "\n".join(lines))
    return 0


def _let_in(api: Api, login: _Login, cluster: str) -> list[str]:
    """Creates the access entry, or says how."""
    from mooring_cli.eks import AccessEntry, create_access_entry, instructions, look_instructions

    known = {} if login.principal_arn or login.role_arn else api.call("GET", "clusters")
    principal = login.principal_arn or login.role_arn or known.get("syncRole") or ""
    if not principal:
        if login.create_access_entry:
            raise ConfigurationError("name the role to let in: the stack's output SyncRoleArn", field="--principal-arn")
        principal = "SYNC_ROLE_ARN"
    entry = AccessEntry(cluster, principal, login.region or "", login.access_policy)
    if not login.create_access_entry:
        told = ["", "Let Mooring in, once, as somebody who may:", "", instructions(entry), ""]
    else:
        told = [create_access_entry(entry, profile=login.aws_profile)]
        if not login.access_policy:
            told += ["", "and give its group rights:", "", instructions(entry).partition("\n")[2], ""]
    if not login.role_arn:  # that role is assumed by both
        looking = look_instructions(cluster, known.get("lookRole") or "LOOK_ROLE_ARN", login.region or "")
        told += ["", "What people see live is read by another role (the output LookRoleArn):", "", looking, ""]
    return told


@verb("set", "change what is registered beside address and credentials")
@click.argument("name", shell_complete=cluster_names)
@_property_options
@prints()
def set_cluster(api: Api, out: Output, name: str, **options: Any) -> int:
    """Changes labels, annotations, limits and the like."""
    body = _Properties(**options).body(api.call("GET", "clusters", name))
    tag = api.tag
    if not body:
        raise ConfigurationError("say what to change: --label, --annotation, --project, --default, …", field="set")
    answer = api.call("PATCH", "clusters", name, body=body, match=tag)
    warn(answer.get("warnings") or [])
    out.emit(answer, lambda: f"cluster {name} changed")
    return 0
