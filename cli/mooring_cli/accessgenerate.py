"""`mooring access generate`: what to apply to a cluster so that people read and only Mooring writes.

It prints and does nothing: whoever administers the cluster applies it, or declares it in git. The same options print
the same text. Only `--cluster` asks the API, for the kinds that applications have there.
"""

from __future__ import annotations

from typing import Any, Final

import click

from mooring.errors import ConfigurationError
from mooring_cli.accessentries import Entry, access_entries, aws_auth
from mooring_cli.accessglass import break_glass, guard
from mooring_cli.accesskinds import Used, groups_of, narrowed, used_in, whole
from mooring_cli.accessrights import LOOK, SYNC, Subject, bound, look_role, people_role
from mooring_cli.completion import cluster_names
from mooring_cli.frame import Session, verb

__all__ = ["generate"]

Manifest = dict[str, Any]
_PEOPLE: Final = "mooring-people"


class _SubjectType(click.ParamType[Subject]):
    name = "subject"

    def convert(self, value: str | Subject, param: click.Parameter | None, ctx: click.Context | None) -> Subject:
        """`group:NAME`, `user:NAME` or `serviceaccount:NAMESPACE/NAME`."""
        if isinstance(value, Subject):
            return value
        kind, _, name = value.partition(":")
        namespace, slash, account = name.partition("/")
        if kind == "serviceaccount" and namespace and account and slash:
            return Subject("ServiceAccount", account, namespace)
        if kind in ("group", "user") and name:
            return Subject(kind.title(), name)
        self.fail("must be group:NAME, user:NAME or serviceaccount:NAMESPACE/NAME", param, ctx)


@verb("generate", "print the RBAC by which people read, and only Mooring writes", offline=True)
@click.option("--people-group", multiple=True, metavar="GROUP", help="people, by a group of theirs (more than once)")
@click.option(
    "--allow",
    multiple=True,
    type=click.Choice(("logs", "exec", "port-forward")),
    help="what people may besides reading",
)
@click.option("--namespace", "-n", multiple=True, metavar="NAME", help="people's rights count here only")
@click.option(
    "--cluster",
    metavar="NAME",
    shell_complete=cluster_names,
    help="give Mooring only what its applications have in this cluster (default: everything)",
)
@click.option(
    "--mooring",
    "sync",
    type=_SubjectType(),
    default=f"group:{SYNC}",
    metavar="SUBJECT",
    help="whom Mooring signs in as: group:, user: or serviceaccount:NAMESPACE/NAME (group:mooring)",
)
@click.option(
    "--look",
    type=_SubjectType(),
    default=f"group:{LOOK}",
    metavar="SUBJECT",
    help="whom it shows live objects as (group:mooring-look)",
)
@click.option("--api-group", multiple=True, metavar="GROUP", help="further API groups that people may read")
@click.option("--break-glass-group", multiple=True, metavar="GROUP", help="who may write in an emergency, for a while")
@click.option("--break-glass-minutes", type=click.IntRange(10, 720), default=60, help="for how long, at most (60)")
@click.option(
    "--admission-policy/--no-admission-policy",
    default=True,
    help="refuse people's writes to Mooring's objects by name, whatever roles they have (with)",
)
@click.option("--exempt-group", multiple=True, metavar="GROUP", help="whom that policy leaves alone")
@click.option("--eks", metavar="NAME", help="the EKS cluster, for -o commands")
@click.option("--region", default="", metavar="REGION", help="its region")
@click.option("--sync-role", default="SYNC_ROLE_ARN", metavar="ARN", help="the stack's output SyncRoleArn")
@click.option("--look-role", default="LOOK_ROLE_ARN", metavar="ARN", help="the stack's output LookRoleArn")
@click.option("--people-role", default="PEOPLE_ROLE_ARN", metavar="ARN", help="the IAM role that people take on")
@click.option(
    "--break-glass-role",
    default="BREAK_GLASS_ROLE_ARN",
    metavar="ARN",
    help="the IAM role of those who may break the glass",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(("yaml", "commands", "aws-auth")),
    default="yaml",
    help="manifests, or for EKS: who gets the groups, as commands or in aws-auth (yaml)",
)
def generate(
    people_group: tuple[str, ...], allow: tuple[str, ...], namespace: tuple[str, ...], cluster: str | None,
    sync: Subject, look: Subject, api_group: tuple[str, ...], break_glass_group: tuple[str, ...],
    break_glass_minutes: int, admission_policy: bool, exempt_group: tuple[str, ...], eks: str | None, region: str,
    sync_role: str, look_role: str, people_role: str, break_glass_role: str, output: str,
) -> int:  # fmt: skip
    """Prints manifests for `kubectl apply -f -`, or what EKS has to know."""
    if not people_group:
        raise ConfigurationError("name the group that people are in, as the cluster knows it", field="--people-group")
    for option, groups in (("--people-group", people_group), ("--break-glass-group", break_glass_group)):
        if any(each.startswith("system:") for each in groups):
            raise ConfigurationError("can't be a group of the cluster's own (system:…)", field=option)
    if output != "yaml":
        roles = (sync_role, look_role, people_role, break_glass_role)
        entries = _entries(roles, sync, look, people_group, break_glass_group)
        if output == "aws-auth":
            _print([aws_auth(entries)])
        elif not eks:
            raise ConfigurationError("name the EKS cluster", field="--eks")
        else:
            print(access_entries(eks, region, entries))
        return 0
    used = used_in(click.get_current_context().ensure_object(Session).api(), cluster) if cluster else None
    more = sorted({*api_group, *(groups_of(used) if used else ())})
    documents = _people([*people_group, *break_glass_group], allow, more, namespace) + _mooring(sync, look, used, more)
    if break_glass_group:
        documents += break_glass(break_glass_group, break_glass_minutes, more, namespace)
    if admission_policy:
        documents += guard((sync,), exempt_group, break_glass_minutes if break_glass_group else None)
    _print(documents)
    return 0


def _people(groups: list[str], allow: tuple[str, ...], more: list[str], namespaces: tuple[str, ...]) -> list[Manifest]:
    subjects = [Subject("Group", each) for each in dict.fromkeys(groups)]
    return [people_role(_PEOPLE, allow, more), *[bound(_PEOPLE, subjects, each) for each in namespaces or ("",)]]


def _mooring(sync: Subject, look: Subject, used: Used | None, more: list[str]) -> list[Manifest]:
    written = whole(SYNC, [sync]) if used is None else narrowed(SYNC, [sync], used)
    return [*written, look_role(more), bound(LOOK, [look])]


def _entries(
    roles: tuple[str, str, str, str], sync: Subject, look: Subject, people: tuple[str, ...], glass: tuple[str, ...]
) -> list[Entry]:
    """Who gets which groups. Raises `ConfigurationError` where Mooring is no group: in EKS an IAM role gets groups."""
    for option, subject in (("--mooring", sync), ("--look", look)):
        if subject.kind != "Group":
            raise ConfigurationError("must be a group: an IAM role gets groups in EKS", field=option)
    found = [Entry(roles[0], (sync.name,)), Entry(roles[1], (look.name,)), Entry(roles[2], people)]
    return found + ([Entry(roles[3], glass)] if glass else [])


def _print(documents: list[Manifest]) -> None:
    import yaml

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, _data: object) -> bool:
            """Every list is written out, however often it comes."""
            return True

    for each in documents:
        print("---", yaml.dump(each, Dumper=Plain, sort_keys=False, width=1000), sep="\n", end="")
