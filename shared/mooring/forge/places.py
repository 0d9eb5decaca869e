"""Which code host a repository's address leads to, and what the repository is called there.

Public hosts are known by name. For one's own, the settings say what they are (`mooring.forges`), or the name itself
does (`gitlab.example.com`). Where neither does, nothing is asked. A host is never found out by asking around: a token
goes only to the host that it was registered for, or to the one that an administrator named for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mooring.errors import ConfigurationError
from mooring.forge.asking import KINDS, api_of
from mooring.source.credentials import BasicCredential, CredentialStore, GitHubAppCredential, TokenCredential
from mooring.source.urls import RepositoryURL, parse_url

__all__ = ["FORGES", "Named", "Place", "is_public", "opens_api", "place_of", "read_forges"]

FORGES: Final = "mooring.forges"
"""The key of the settings: lines of `host: kind`, or `host: kind https://api.address`."""

_FIELD: Final = "repository"
_PUBLIC: Final = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "bitbucket.org": "bitbucket",
    "codeberg.org": "gitea",
    "gitea.com": "gitea",
    "dev.azure.com": "azureDevOps",
}
_FRONTS: Final = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
    "ssh.dev.azure.com": "dev.azure.com",
}
_CODECOMMIT = re.compile(r"git-codecommit(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_BY_NAME: Final = (
    ("gitlab", "gitlab"),
    ("github", "github"),
    ("gitea", "gitea"),
    ("forgejo", "gitea"),
    ("bitbucket", "bitbucketServer"),
)


@dataclass(frozen=True, slots=True)
class Named:
    """What the settings say of a host; `api` is empty where it is at the host itself."""

    kind: str
    api: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A repository on a code host. `api` is the base of the host's API (the region of a CodeCommit), `web` the https
    address of the repository, by which its credential is found; `owner` is also a workspace, project or group.
    """

    kind: str
    api: str
    owner: str
    name: str
    web: str


def read_forges(data: Mapping[str, str]) -> dict[str, Named]:
    """The hosts that the settings name, by host (and port). Raises `ConfigurationError` for what can't be read."""
    found: dict[str, Named] = {}
    for line in data.get(FORGES, "").splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        host, colon, rest = text.partition(": ")
        kind, _, api = rest.strip().partition(" ")
        api = api.strip().rstrip("/")
        if not colon or kind not in KINDS or (api and not api.startswith(("https://", "http://"))):
            raise ConfigurationError(
                f"must have lines of `host: kind` or `host: kind https://api.address`, the kind one of "
                f"{', '.join(KINDS)}; not {text!r}",
                field=f"data[{FORGES}]",
            )
        found[host.strip().lower()] = Named(kind, api)
    return found


def is_public(url: str) -> bool:
    """Whether what is behind an address is known without the settings."""
    host = _host(parse_url(url, allow_file=True, field=_FIELD))
    return host in _PUBLIC or host.endswith(".visualstudio.com") or _CODECOMMIT.fullmatch(host) is not None


def opens_api(credentials: CredentialStore, url: str) -> bool:
    """Whether what is registered for a repository may open its host's API; what the host is, matters later.

    Raises what finding a credential raises.
    """
    parsed = parse_url(url, allow_file=True, field=_FIELD)
    if parsed.scheme == "file" or _CODECOMMIT.fullmatch(parsed.host):
        return False
    addresses = [url] if parsed.is_http else [url, f"https://{_host(parsed)}/{parsed.path}"]
    kinds = (TokenCredential, BasicCredential, GitHubAppCredential)
    return any(isinstance(credentials.find(each), kinds) for each in addresses)


def place_of(url: str, named: Mapping[str, Named], kind: str = "") -> Place | None:
    """Where a repository is; None where nobody knows what kind of host that is. `kind` says so, where it is given.

    Raises `ConfigurationError` for what is no repository's address, or not one of this kind of host.
    """
    parsed = parse_url(url, allow_file=True, field=_FIELD)
    host = _host(parsed)
    if parsed.scheme == "file":
        return None
    if region := _CODECOMMIT.fullmatch(host):
        return Place("awsCodeCommit", region["region"], "", parsed.path.rpartition("/")[2], url)
    origin = f"{parsed.scheme}://{_authority(parsed)}" if parsed.is_http else f"https://{host}"
    known = named.get(_authority(parsed)) or named.get(host)
    if known is None and (kind or (kind := _guessed(host))):
        known = Named(kind)
    if known is None:
        return None
    if kind and kind != known.kind:
        raise ConfigurationError(f"is on a {known.kind} as the settings say ({FORGES}), no {kind}", field=_FIELD)
    parts = parsed.path.split("/")
    match known.kind:
        case "azureDevOps":
            return _azure(host, origin, known.api, parts)
        case "bitbucketServer":
            return _bitbucket_server(parsed, origin, known.api, parts)
        case "gitlab":
            owner, name = "/".join(parts[:-1]), parts[-1]
        case _:
            owner, name = "/".join(parts[:-1]), parts[-1]
            if len(parts) != 2:
                raise ConfigurationError(f"must end in /owner/name on a {known.kind}", field=_FIELD)
    own = "" if host in ("github.com", "bitbucket.org") else origin
    api = api_of(known.kind, known.api or own)
    return Place(known.kind, api, owner, name, f"{origin}/{owner}/{name}")


def _azure(host: str, origin: str, api: str, parts: list[str]) -> Place:
    """`…/organization/project/_git/name`, or by ssh `v3/organization/project/name`; a project may be named as its one
    repository, and is then left out.
    """
    if parts[0] == "v3" and len(parts) == 4:
        before, name = parts[1:3], parts[3]
    elif "_git" in parts[:-1]:
        at = parts.index("_git")
        before, name = parts[:at], parts[at + 1]
        if len(before) == (1 if host == "dev.azure.com" else 0):
            before = [*before, name]
    else:
        raise ConfigurationError("must have /_git/ before the name of the repository", field=_FIELD)
    *above, project = before
    base = api or "/".join([origin, *above])
    return Place("azureDevOps", base, project, name, "/".join([origin, *before, "_git", name]))


def _bitbucket_server(parsed: RepositoryURL, origin: str, api: str, parts: list[str]) -> Place:
    """`…/scm/project/name`, or by ssh `project/name`."""
    if len(parts) < 2 or (parsed.is_http and parts[-3:-2] != ["scm"]):
        raise ConfigurationError("must end in /scm/project/name", field=_FIELD)
    owner, name = parts[-2:]
    above = "/".join([origin, *parts[:-3]])
    return Place("bitbucketServer", api_of("bitbucketServer", api or above), owner, name, f"{above}/scm/{owner}/{name}")


def _host(parsed: RepositoryURL) -> str:
    return _FRONTS.get(parsed.host, parsed.host)


def _authority(parsed: RepositoryURL) -> str:
    usual = {"https": 443, "http": 80, "ssh": 22}.get(parsed.scheme, 0)
    host = _host(parsed)
    return host if parsed.port == usual else f"{host}:{parsed.port}"


def _guessed(host: str) -> str:
    if host.endswith(".visualstudio.com"):
        return "azureDevOps"
    if host in _PUBLIC:
        return _PUBLIC[host]
    labels = host.split(".")
    return next((kind for word, kind in _BY_NAME if any(word in label for label in labels)), "")
