"""As whom we write: the credential that is registered for a repository, or one that is for writing alone.

`git` and `git:repocreds` mean the registered one, which then needs the right to write. `git:secret:<namespace>/<name>`
means the JSON object in the Secrets Manager secret `<prefix>/write-back/<namespace>/<name>`, with the fields of Argo
CD's repository secrets. Its `url` bounds where it is shown: who may write an application's annotations may name a
repository, and must not have a token sent to a server of their own. The namespace has to be the application's own: what
a team puts there is not for others to name. Source: Image Updater, "Specifying Git credentials".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from mooring.errors import ConfigurationError
from mooring.source.credentials import Credential, CredentialStore, parse_credential, select
from mooring.source.drafts import Signer
from mooring.source.signing import signer

__all__ = ["SIGNING_KEY", "Get", "WriteCredentials", "credential_of", "stored_signer", "stores"]

Get: TypeAlias = Callable[[str, bool], Mapping[str, Any]]

SIGNING_KEY: Final = "write-back/signing-key"
"""The secret below the installation's prefix that holds the key which commits are signed with."""

_FIELD: Final = "write-back-method"
_NAME: Final = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9._]{0,251}[a-zA-Z0-9])?")


class WriteCredentials:
    """A `CredentialStore` of the one credential in a secret; `get` answers with the JSON object of a secret, as it is
    stored now where it is told so.
    """

    def __init__(self, name: str, get: Get) -> None:
        self._name = name
        self._get = get

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        """The credential. Raises what reading a secret raises; `ConfigurationError` where it is for other addresses."""
        stored = json.dumps(dict(self._get(self._name, fresh)))
        found = select([parse_credential(stored, name=self._name)], url)
        if found is None:
            told = f"is not for {url}; let its url be the beginning of that address"
            raise ConfigurationError(told, field="url", subject=self._name)
        return found


def credential_of(method: str, namespace: str) -> str:
    """A write-back method's credential, as a `Destination` has it: empty, or `secret:<namespace>/<name>`.

    `method` is `git`, `git:repocreds` or `git:secret:…`; raises `ConfigurationError` for any other, and for a secret of
    another namespace than the application's.
    """
    kind, _, reference = method.strip().partition(":")
    source, _, name = reference.partition(":")
    if kind != "git" or (source and source not in ("repocreds", "secret")) or (source == "secret") != bool(name):
        raise ConfigurationError("must be git, git:repocreds or git:secret:<namespace>/<name>", field=_FIELD)
    if source != "secret":
        return ""
    place, slash, own = name.rpartition("/")
    if not _NAME.fullmatch(own) or (slash and place != namespace):
        told = f"must name a secret of the application's own namespace, {namespace}/<name>"
        raise ConfigurationError(told, field=_FIELD)
    return f"secret:{namespace}/{own}"


def stores(registered: CredentialStore, get: Get, prefix: str) -> Callable[[str], CredentialStore]:
    """The store for each `Destination.credential`."""

    def store(credential: str) -> CredentialStore:
        kind, _, name = credential.partition(":")
        return WriteCredentials(f"{prefix}/write-back/{name}", get) if kind == "secret" else registered

    return store


def stored_signer(read: Callable[[str], str], prefix: str) -> Signer | None:
    """What signs commits; None where no key is stored. `read` answers with a secret's text, empty where there is none.

    Raises `ConfigurationError` for what is no key.
    """
    name = f"{prefix}/{SIGNING_KEY}"
    text = read(name)
    if not text:
        return None
    try:
        stored = json.loads(text)
    except ValueError:
        stored = None  # the decoder's exception keeps the text: it must not be chained
    if not isinstance(stored, dict):
        raise ConfigurationError("must be a JSON object; store the key as JSON", subject=name)
    return signer(stored, name=name)
