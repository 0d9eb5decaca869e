"""Which code host a generator asks, and as whom: the providers of `scmProvider` and `pullRequest`.

Argo CD spells the same things differently from provider to provider (`organization`, `group`, `owner`, `project`). Here
they become one shape, so that whoever talks to a host need not know which generator asks. Names follow Argo CD's pages
"SCM Provider Generator" and "Pull Request Generator".

Credentials are named, never held: a `SecretRef` is resolved by whoever makes the request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mooring.errors import ConfigurationError
from mooring.model.fields import Fields

__all__ = ["REPOSITORY_HOSTS", "REQUEST_HOSTS", "Forge", "SecretRef", "parse_forge"]


@dataclass(frozen=True, slots=True)
class SecretRef:
    """One value of a secret."""

    secret: str
    key: str


@dataclass(frozen=True, slots=True)
class Forge:
    """A code host and the part of it that is looked at.

    `owner` is the organization, group, workspace or project; `project` is Azure DevOps' team project; `repository` is
    set for pull requests only. `api` is empty for the host's public address. Of `token`, `password` (with `user`) and
    `app_secret` at most one is set.
    """

    kind: str
    owner: str = ""
    project: str = ""
    repository: str = ""
    api: str = ""
    token: SecretRef | None = None
    user: str = ""
    password: SecretRef | None = None
    app_secret: str = ""
    all_branches: bool = False
    insecure: bool = False
    subgroups: bool = False
    shared_projects: bool = True
    archived: bool = False
    topic: str = ""
    labels: tuple[str, ...] = ()
    state: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    role: str = ""
    region: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class _Names:
    """What a provider calls its fields; empty where it has no such thing."""

    kind: str
    owner: str = ""
    project: str = ""
    repository: str = ""
    login: str = "tokenRef"
    needs_api: bool = False
    takes: tuple[str, ...] = ()


REPOSITORY_HOSTS: Mapping[str, _Names] = {
    "github": _Names("github", "organization", takes=("app", "branches")),
    "gitlab": _Names("gitlab", "group", takes=("branches", "insecure", "groups", "ca")),
    "gitea": _Names("gitea", "owner", needs_api=True, takes=("branches", "insecure")),
    "bitbucket": _Names("bitbucket", "owner", login="", takes=("branches", "user")),
    "bitbucketServer": _Names(
        "bitbucketServer", "project", login="", needs_api=True, takes=("branches", "logins", "insecure", "ca")
    ),
    "azureDevOps": _Names("azureDevOps", "organization", "teamProject", login="accessTokenRef", takes=("branches",)),
    "awsCodeCommit": _Names("awsCodeCommit", login="", takes=("branches", "aws")),
}
"""The providers of `scmProvider`."""

REQUEST_HOSTS: Mapping[str, _Names] = {
    "github": _Names("github", "owner", repository="repo", takes=("app", "labels")),
    "gitlab": _Names("gitlab", repository="project", takes=("labels", "insecure", "state", "ca")),
    "gitea": _Names("gitea", "owner", repository="repo", needs_api=True, takes=("labels", "insecure")),
    "bitbucketServer": _Names(
        "bitbucketServer", "project", repository="repo", login="", needs_api=True, takes=("logins", "insecure", "ca")
    ),
    "bitbucket": _Names("bitbucket", "owner", repository="repo", login="", takes=("logins",)),
    "azuredevops": _Names("azureDevOps", "organization", "project", "repo", takes=("labels",)),
}
"""The providers of `pullRequest`."""


def parse_forge(parent: Fields, hosts: Mapping[str, _Names]) -> Forge:
    """The provider that a generator names. Raises `ConfigurationError` where there is none, or more than one."""
    given = [name for name in hosts if parent.has(name)]
    if len(given) != 1:
        raise ConfigurationError(
            f"must name exactly one provider: {', '.join(hosts)}",
            field=f"{parent.path}.{given[1]}" if given else parent.path,
        )
    block = parent.mapping(given[0])
    parent.ignore(*hosts)
    assert block is not None
    forge = _forge(block, hosts[given[0]])
    block.close()
    return forge


def _forge(block: Fields, names: _Names) -> Forge:
    takes = set(names.takes)
    user, password, token = "", None, _secret(block, names.login) if names.login else None
    if "user" in takes:
        user, password = block.required_text("user"), _secret(block, "appPasswordRef")
        if password is None:
            raise block.error("appPasswordRef", "must not be empty")
    if "logins" in takes:
        if (basic := block.mapping("basicAuth")) is not None:
            user, password = basic.required_text("username"), _secret(basic, "passwordRef")
            if password is None:
                raise basic.error("passwordRef", "must not be empty")
            basic.close()
        if (bearer := block.mapping("bearerToken")) is not None:
            if password is not None:
                raise block.error("bearerToken", "can't be set together with basicAuth")
            token = _secret(bearer, "tokenRef")
            if token is None:
                raise bearer.error("tokenRef", "must not be empty")
            bearer.close()
    if names is REPOSITORY_HOSTS["azureDevOps"] and token is None:
        raise block.error("accessTokenRef", "must not be empty")
    app_secret = block.text("appSecretName") if "app" in takes else ""
    if "ca" in takes:
        block.not_yet("caRef")
    groups, aws = "groups" in takes, "aws" in takes
    return Forge(
        kind=names.kind,
        owner=block.required_text(names.owner) if names.owner else "",
        project=block.required_text(names.project) if names.project else "",
        repository=block.required_text(names.repository) if names.repository else "",
        api=_api(block, required=names.needs_api),
        token=token if not app_secret else None,
        user=user,
        password=password,
        app_secret=app_secret,
        all_branches=block.boolean("allBranches", False) if "branches" in takes else False,
        insecure=block.boolean("insecure", False) if "insecure" in takes else False,
        subgroups=block.boolean("includeSubgroups", False) if groups else False,
        shared_projects=block.boolean("includeSharedProjects", True) if groups else True,
        archived=block.boolean("includeArchivedRepos", False) if groups else False,
        topic=block.text("topic") if groups else "",
        labels=block.texts("labels") if "labels" in takes else (),
        state=block.text("pullRequestState") if "state" in takes else "",
        tags=_tags(block) if aws else (),
        role=block.text("role") if aws else "",
        region=block.text("region") if aws else "",
        where=block.path,
    )


def _api(block: Fields, *, required: bool) -> str:
    api = block.required_text("api") if required else block.text("api")
    if api and "{{" not in api and not api.startswith(("https://", "http://")):
        raise block.error("api", "must be an address that begins with https:// or http://")
    return api.rstrip("/")


def _secret(parent: Fields, name: str) -> SecretRef | None:
    block = parent.mapping(name)
    if block is None:
        return None
    reference = SecretRef(block.required_text("secretName"), block.required_text("key"))
    block.close()
    return reference


def _tags(block: Fields) -> tuple[tuple[str, str], ...]:
    tags = []
    for item in block.mappings("tagFilters"):
        tags.append((item.required_text("key"), item.text("value")))
        item.close()
    return tuple(tags)
