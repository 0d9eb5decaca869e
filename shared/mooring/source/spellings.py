"""Which addresses name one repository although they look different: each kind of forge has its habits.

Wrong in one direction costs nothing: two repositories that are taken for one share their webhooks, and each push has
both looked at. Wrong in the other, a push is found by the next sweep only. So whatever may be the same is the same:
ports are no part of a name (a forge serves https and ssh on different ones, and Argo CD's comparison of webhook
addresses passes over them too), and `scm` in a path is Bitbucket Data Center's. Pure.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["one_spelling"]

# ssh on port 443, where a firewall lets nothing else through; FIPS endpoints.
_HOSTS: Final = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
_CODECOMMIT = re.compile(r"git-codecommit-fips\.(.+)")
_BITBUCKET = re.compile(r"(?:.+/)?scm/([^/]+/[^/]+)")
_AZURE = re.compile(r"(?P<project>[^/]+/)?_git/(?P<name>[^/]+)")
_COLLECTION = re.compile(r"defaultcollection/")


def one_spelling(host: str, path: str) -> str:
    """`host/path`, both in lower case, in the spelling that all addresses of a repository share.

    Azure DevOps has three: `dev.azure.com/ORG/PROJECT/_git/NAME`, `ssh.dev.azure.com:v3/ORG/PROJECT/NAME` and
    `ORG.visualstudio.com/PROJECT/_git/NAME` (ssh: `vs-ssh.visualstudio.com:v3/…`); a project's first repository may go
    without the project (Microsoft, "Use SSH key authentication", "Clone an existing Git repo").
    """
    host = _HOSTS.get(host, host)
    if found := _CODECOMMIT.fullmatch(host):
        host = f"git-codecommit.{found[1]}"
    if host in ("ssh.dev.azure.com", "vs-ssh.visualstudio.com"):
        return f"dev.azure.com/{path.removeprefix('v3/')}"
    if host == "dev.azure.com":
        organisation, _, rest = path.partition("/")
        return f"{host}/{organisation}/{_azure(rest)}" if rest else f"{host}/{path}"
    if host.endswith(".visualstudio.com"):
        organisation = host.removesuffix(".visualstudio.com")
        return f"dev.azure.com/{organisation}/{_azure(_COLLECTION.sub('', path, count=1))}"
    if found := _BITBUCKET.fullmatch(path):
        path = found[1]
    return f"{host}/{path}"


def _azure(path: str) -> str:
    found = _AZURE.fullmatch(path)
    if found is None:
        return path
    return f"{found['project'] or found['name'] + '/'}{found['name']}"
