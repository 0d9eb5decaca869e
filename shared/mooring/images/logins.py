"""Logins of registries that an application names itself: Kubernetes' pull secrets, kept where Mooring keeps secrets.

Image Updater reads them from the cluster that it runs in. Mooring runs in none, so a Secret `namespace/name` is kept
under the installation's prefix in Secrets Manager as `pull-secrets/<namespace>/<name>`, a JSON object with the Secret's
keys and their values as text: `.dockerconfigjson`, or any key with `user:password`. Beside such a key stands
`registry`, the address that it may be sent to: whoever writes an annotation would else have any login sent anywhere.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final, Protocol

import orjson

from mooring.errors import ConfigurationError
from mooring.model.imagenames import DOCKER_HUB
from mooring.model.imagesettings import PullSecret
from mooring.source.charts_credentials import ChartCredential

__all__ = ["KeptPullSecrets", "PullSecrets", "login"]

_DOCKER_KEY: Final = ".dockerconfigjson"
_FIELD: Final = "pull-secret"


class PullSecrets(Protocol):
    """Knows the Secrets that images name."""

    def read(self, secret: PullSecret) -> Mapping[str, str]:
        """The values of a Secret by their keys. Raises the errors of `mooring.errors`."""
        ...


class _Store(Protocol):
    def get(self, name: str) -> dict[str, Any]: ...


class KeptPullSecrets:
    """A `PullSecrets` over Secrets Manager; `store` is a `mooring.state.secret_store.SecretStore`."""

    def __init__(self, store: _Store, prefix: str) -> None:
        self._store = store
        self._prefix = prefix

    def read(self, secret: PullSecret) -> Mapping[str, str]:
        """The values of a Secret by their keys; what is no text is left out."""
        kept = self._store.get(f"{self._prefix}/pull-secrets/{secret.namespace}/{secret.name}")
        return {key: value for key, value in kept.items() if isinstance(value, str)}


def login(secret: PullSecret, values: Mapping[str, str], repository: str) -> ChartCredential:
    """The login that a Secret holds for a repository (`ghcr.io/shop/web`). Raises `ConfigurationError`, never quoting.

    Of a Docker configuration the longest fitting address counts (Kubernetes, "Images", Interpretation of config.json).
    """
    key = secret.field or _DOCKER_KEY
    place = f"{secret.namespace}/{secret.name}"
    if key not in values:
        raise ConfigurationError(f"the Secret {place} has no key {key}; add it", field=_FIELD)
    if secret.field:
        _check_place(values.get("registry", ""), repository, place)
    pair = values[key].strip() if secret.field else _of_docker(values[key], repository, place)
    user, colon, password = pair.partition(":")
    if not colon or not user or any(ord(character) < 32 for character in pair):
        raise ConfigurationError(f"the key {key} of the Secret {place} must hold user:password", field=_FIELD)
    return ChartCredential(f"oci://{repository}", username=user, password=password)


def _check_place(allowed: str, repository: str, place: str) -> None:
    if not allowed.strip():
        raise ConfigurationError(
            f"the Secret {place} must have a key registry beside it: the address that this login is for (ghcr.io/team)",
            field=_FIELD,
        )
    if not f"{repository}/".startswith(f"{_address(allowed)}/"):
        raise ConfigurationError(f"the Secret {place} has a login for {allowed.strip()}, not for this", field=_FIELD)


def _of_docker(text: str, repository: str, place: str) -> str:
    try:
        auths = orjson.loads(text)["auths"]
        entries = {_address(each): entry for each, entry in auths.items() if isinstance(entry, dict)}
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise ConfigurationError(f"the Secret {place} holds no Docker configuration", field=_FIELD) from None
    fitting = [each for each in entries if f"{repository}/".startswith(f"{each}/")]
    if not fitting:
        registry = repository.partition("/")[0]
        raise ConfigurationError(f"the Secret {place} has no login for {registry}; add one", field=_FIELD)
    entry = entries[max(fitting, key=len)]
    if isinstance(entry.get("auth"), str) and entry["auth"]:
        try:
            return base64.b64decode(entry["auth"], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise ConfigurationError(f"the Secret {place} has a login that is no base64", field=_FIELD) from None
    return f"{entry.get('username', '')}:{entry.get('password', '')}"


def _address(text: str) -> str:
    """An entry's address as repositories are spelled here: no scheme, no API version, Docker Hub by its short name."""
    text = text.strip().lower().partition("://")[2] or text.strip().lower()
    text = text.rstrip("/").removesuffix("/v1").removesuffix("/v2")
    return DOCKER_HUB if text in ("index.docker.io", "registry-1.docker.io") else text
