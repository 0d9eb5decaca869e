"""Repository addresses: one repository has many spellings, and some spellings are attacks.

`https://Forge.example/acme/shop.git`, `ssh://git@forge.example/acme/shop` and `git@forge.example:acme/shop` name the
same place. A webhook tells us one or two of them, an application declares another, so both sides are compared in one
normal form. The address given to git is always the one that was declared.

Git itself accepts far more than that: helpers that run commands (`ext::`), options in disguise (a leading `-`), local
paths, passwords inside the address. Those are refused here, before any process sees them. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote

from mooring.errors import ConfigurationError
from mooring.source.spellings import one_spelling

__all__ = ["RepositoryURL", "normalise", "parse_url"]

FIELD = "spec.source.repoURL"

_DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22, "file": 0}
_USER = r"[A-Za-z0-9_.~+%][A-Za-z0-9_.~+%-]*"
_HOST = r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_FULL = re.compile(
    rf"(?P<scheme>[A-Za-z]+)://(?:(?P<user>{_USER})(?P<password>:[^@/]*)?@)?(?P<host>{_HOST})(?::(?P<port>\d+))?(?P<path>/.*)?"
)
_SCP = re.compile(rf"(?P<user>{_USER})@(?P<host>{_HOST}):(?P<path>(?!:).*)")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\?#\"'`|;<>]")


@dataclass(frozen=True, slots=True)
class RepositoryURL:
    """One address, taken apart. `path` has neither a leading slash nor `.git`; `port` is always a number."""

    scheme: str
    user: str
    host: str
    port: int
    path: str
    text: str
    """As it was declared: what git is given."""

    @property
    def is_http(self) -> bool:
        """Whether git speaks HTTP to it."""
        return self.scheme in {"http", "https"}

    @property
    def origin(self) -> str:
        """Scheme, host and port, ending in a slash: the scope of an HTTP credential."""
        return f"{self.scheme}://{self._authority}/"

    @property
    def place(self) -> str:
        """Host, port where it is not the usual one, and path: what errors call the repository."""
        return f"{self._authority or 'the file system'}/{self.path}"

    @property
    def key(self) -> str:
        """The normal form, see `normalise`."""
        return one_spelling(self.host.lower(), self.path.lower())

    @property
    def without_user(self) -> str:
        """The address for git when a credential says who asks (HTTP only; others need their user)."""
        if not self.is_http or not self.user:
            return self.text
        return re.sub(r"^(\w+://)[^@/]*@", r"\1", self.text)

    @property
    def _authority(self) -> str:
        return self.host if self.port == _DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"


def normalise(url: str) -> str:
    """`host/path` in lower case, the same for every spelling of a repository's address.

    Scheme, user, port, `.git` and surrounding slashes fall away, and what forges spell differently is spelled once (see
    `spellings`). Upper and lower case are one, as in Argo CD (its comparison of webhook addresses): two repositories
    that differ only in that would share their webhooks, which costs a look and nothing else. Raises
    `ConfigurationError` for what `parse_url` refuses.
    """
    return parse_url(url, allow_file=True).key


def parse_url(url: str, *, allow_file: bool = False, prefix: bool = False, field: str = FIELD) -> RepositoryURL:
    """Take an address apart. Raises `ConfigurationError` for what is no `https`, `http` or `ssh` address.

    `allow_file` admits `file://` (tests and local stacks). `prefix` admits an address without a path, as credentials
    are stored by the beginning of an address.
    """
    text = url.strip()
    if not text:
        _refuse("must not be empty; give the https or ssh address of a git repository", field)
    if text.startswith("-"):
        _refuse("must not begin with '-'; give the https or ssh address of a git repository", field)
    if _UNSAFE.search(text):
        _refuse("holds white space or characters that no repository address has; write them as %20 and the like", field)
    if text.lower().startswith("file://"):
        return (
            _file(text, field) if allow_file else _refuse("file:// addresses are not allowed; use https or ssh", field)
        )
    if "::" in text and "://" not in text.split("::", 1)[0] and "[" not in text.split("::", 1)[0]:
        _refuse("names a git transport helper, which is not allowed; use https or ssh", field)
    return _remote(text, prefix, field)


def _remote(text: str, prefix: bool, field: str) -> RepositoryURL:
    full = _FULL.fullmatch(text)
    match = full or _SCP.fullmatch(text)
    if match is None:
        _refuse("is no repository address; write https://host/path, ssh://user@host/path or user@host:path", field)
    scheme = match["scheme"].lower() if full else "ssh"
    if scheme not in {"https", "http", "ssh"}:
        _refuse(f"uses {scheme}://, which is not supported; use https or ssh", field)
    if full and full["password"]:
        _refuse("must not hold a password; store it as a credential for this address instead", field)
    port = int(full["port"]) if full and full["port"] else _DEFAULT_PORTS[scheme]
    if not 0 < port < 65536:
        _refuse(f"has the port {port}; a port lies between 1 and 65535", field)
    path = _clean(match["path"] or "", field)
    if not path and not prefix:
        _refuse("names a host but no repository; add its path", field)
    return RepositoryURL(scheme, match["user"] or "", match["host"].lower(), port, path, text)


def _file(text: str, field: str) -> RepositoryURL:
    path = text[len("file://") :]
    if not path.startswith("/"):
        _refuse("is no absolute file:// address", field)
    return RepositoryURL("file", "", "", 0, _clean(path, field), text)


def _clean(path: str, field: str) -> str:
    parts = [part for part in unquote(path).split("/") if part]
    if any(part in {".", ".."} for part in parts):
        _refuse("has '.' or '..' in its path; write the path in full", field)
    if parts and parts[0].startswith("-"):
        _refuse("has a path that begins with '-', which is not allowed", field)
    if any(ord(character) < 32 for part in parts for character in part):
        _refuse("has control characters in its path", field)
    return "/".join(parts).removesuffix(".git").rstrip("/")


def _refuse(message: str, field: str) -> NoReturn:
    raise ConfigurationError(message, field=field)
