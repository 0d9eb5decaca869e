"""What webhooks are verified with, as one secret holds it: the keys of Argo CD's `argocd-secret`, and a few of ours.

    {"webhook.github.secret": "…", "webhook.gitlab.secret": ["the new one", "the old one"]}

`github` is what a stack makes by itself and means `webhook.github.secret`; so does a secret that is a plain text.
Other keys are passed over, so that a whole `argocd-secret` can be put in.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from mooring.errors import ConfigurationError

__all__ = ["read_webhook_secrets"]

_GITHUB = "webhook.github.secret"


def read_webhook_secrets(text: str) -> Mapping[str, tuple[str, ...]]:
    """Every value by key; empty ones count as none. Raises `ConfigurationError` naming the key that is no text."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = text
    if not isinstance(value, dict):
        return {_GITHUB: (text.strip(),)} if text.strip() else {}
    found: dict[str, tuple[str, ...]] = {}
    for key, given in value.items():
        name = _GITHUB if key == "github" else str(key)
        if not name.startswith("webhook."):
            continue
        values = given if isinstance(given, list) else [given]
        if not all(isinstance(each, str) for each in values):
            raise ConfigurationError("must be a text, or a list of texts", field=key, subject="the secret of webhooks")
        found[name] = (*found.get(name, ()), *(each for each in values if each))
    return found
