"""Argo CD's repository and repo-creds Secrets, as what a registration here is: their own fields, decoded.

Both are credentials for the addresses that begin with `url` ("Declarative Setup", Repositories and Repository
Credentials). What only places the Secret in Argo CD (its project) falls away with a warning, since it would
otherwise seem to be obeyed.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.model.fields import Fields

__all__ = ["is_secret", "read_repository_secret"]

_TYPE: Final = "argocd.argoproj.io/secret-type"
_KINDS: Final = ("repository", "repo-creds")
_WITHOUT_EFFECT: Final = ("project", "proxy", "noProxy")


def is_secret(document: object) -> bool:
    """Whether a document is a Secret of Kubernetes rather than a registration of our own."""
    return isinstance(document, dict) and document.get("kind") == "Secret"


def read_repository_secret(document: object, warnings: list[str]) -> dict[str, Any]:
    """The fields of a Secret with the label of a repository. Raises `ConfigurationError` naming what is wrong."""
    fields = Fields(document, "", warnings)
    fields.ignore("apiVersion", "kind", "type", "immutable")
    metadata = fields.mapping("metadata")
    labels = metadata.text_map("labels") if metadata is not None else {}
    if labels.get(_TYPE) not in _KINDS:
        raise ConfigurationError(f"must have the label {_TYPE}: repository (or repo-creds)", field="metadata.labels")
    values: dict[str, Any] = {}
    for key, encoded in fields.text_map("data").items():
        try:
            values[key] = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError):
            raise fields.error(f"data.{key}", "must be base64 of text; plain text goes into stringData") from None
    values |= fields.text_map("stringData")
    fields.close()
    warnings += [f"{name}: has no effect here, ignored" for name in _WITHOUT_EFFECT if values.pop(name, "")]
    return {name: value for name, value in values.items() if value != ""}
