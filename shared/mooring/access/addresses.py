"""Addresses of repositories and API servers as a project's rules compare them.

`allowed_form` is Argo CD's normal form (`NormalizeGitURL`): lower case, `user@host:path` as `user@host/path`, without
`ssh://` and `.git`. What a rule *allows* is compared in that form alone. A rule that *denies* must not be walked
around by another spelling of the same place (another scheme, a user, a port that is the usual one, a doubled slash),
so a denial is also compared by the place: host and path. API servers are compared in one form for both, since EKS
prints capital letters into its addresses, and a denial that no spelling of its cluster fits would allow the cluster.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

__all__ = ["allowed_form", "place_of", "server_form"]

_SCP = re.compile(r"(?:[^/@:]+@)(?P<host>[^/:]+):(?P<path>.*)")
_FRONT = re.compile(r"^(?:[a-z+]+://)?(?:[^/@]*@)?")
_USUAL = {"https": ":443", "http": ":80"}
_USUAL_PORT = re.compile(r"^(\[[^]]*\]|[^/:]*):(?:443|80|22)(?=/|$)")


def allowed_form(address: str) -> str:
    """Argo CD's normal form of an address, or of a pattern of addresses."""
    text = address.strip().lower()
    if "://" not in text and (scp := _SCP.fullmatch(text)):
        text = f"{text[: scp.start('path') - 1]}/{scp['path']}"
    return text.removesuffix(".git").removeprefix("ssh://")


def place_of(address: str) -> str:
    """`host/path` of an address, or of a pattern of addresses, however it is reached."""
    text = _FRONT.sub("", unquote(allowed_form(address)))
    text = re.sub(r"/{2,}", "/", _USUAL_PORT.sub(r"\1", text)).rstrip("/")
    return text.removesuffix(".git")


@lru_cache(1024)
def server_form(address: str) -> str:
    """An API server's address, or a pattern of such (also one with `!`): host in lower case, no usual port, no last
    slash. What has no scheme, like `*` and names, stays as it is.
    """
    scheme, separator, rest = address.strip().partition("://")
    if not separator:
        return address
    host, slash, path = rest.rstrip("/").partition("/")
    host = host.lower().removesuffix(_USUAL.get(scheme.lower().removeprefix("!"), ""))
    return f"{scheme.lower()}://{host}{slash}{path}"
