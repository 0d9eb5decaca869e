"""Secrets that an ApplicationSet may name, and no others.

A `tokenRef` (or `passwordRef`, `appPasswordRef`, `accessTokenRef`) of `{secretName, key}` means the field `key` of the
JSON object in the Secrets Manager secret `<prefix>/appsets/<namespace of the set>/<secretName>`. So a set reads what
was put there for its namespace, never a cluster's or a repository's credentials, whatever it writes (Argo CD has the
same border: a Secret in the set's namespace). `appSecretName` means such a secret with a GitHub App in the fields of
Argo CD's repository secrets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from mooring.errors import ConfigurationError
from mooring.model.forges import SecretRef
from mooring.source.credentials import GitHubAppCredential, parse_credential
from mooring.source.githubapp import InstallationTokens

__all__ = ["SetSecrets"]

_NAME = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9._]{0,251}[a-zA-Z0-9])?")


class SetSecrets:
    """Reads secrets for sets; `get` answers with the JSON object of a secret by its full name."""

    def __init__(self, get: Callable[[str], Mapping[str, Any]], prefix: str, tokens: InstallationTokens) -> None:
        self._get = get
        self._prefix = prefix
        self._tokens = tokens

    def name(self, namespace: str, secret: str, where: str) -> str:
        """The name in Secrets Manager. Raises `ConfigurationError` for a name that would lead elsewhere."""
        if not _NAME.fullmatch(secret):
            raise ConfigurationError("must be the name of a secret: letters, digits, '-', '_' and '.'", field=where)
        return f"{self._prefix}/appsets/{namespace}/{secret}"

    def value(self, namespace: str, reference: SecretRef, where: str) -> str:
        """The text at a reference. Raises what reading a secret raises, or `ConfigurationError` without such a key."""
        name = self.name(namespace, reference.secret, where)
        value = self._get(name).get(reference.key)
        if not isinstance(value, str) or not value or "\n" in value.strip():
            raise ConfigurationError(
                f"must hold a line of text in the field {reference.key!r}", field=where, subject=name
            )
        return value.strip()

    def app_token(self, namespace: str, secret: str, where: str) -> str:
        """A token of the installation that a secret describes."""
        name = self.name(namespace, secret, where)
        credential = parse_credential(json.dumps({"url": "https://github.com", **self._get(name)}), name=name)
        if not isinstance(credential, GitHubAppCredential):
            raise ConfigurationError("must hold a GitHub App", field=where, subject=name)
        return self._tokens.token(credential)
