"""Installs webhooks where a repository is hosted, with an access token that is used once and kept nowhere.

Registered credentials are to read a repository, so they seldom may change its hooks, and `api` can't read them back
(ADR 0091). Installing twice leaves one hook: one that is there already gets the secret and events anew, because no host
tells which secret a hook has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from mooring.errors import ConfigurationError, ForbiddenError, RejectedError
from mooring.events.forges.webhooksecrets import read_webhook_secrets
from mooring.forge.opening import hook_host
from mooring.forge.places import Named, Place
from mooring.forge.ports import Hook, HookHost
from mooring.forge.rest import understood
from mooring.model.fields import Fields
from mooring.source.inward import refuse_inward

__all__ = ["HookPorts", "install_hook", "list_hooks"]

_PATH = "/api/webhook"
_KINDS = {"github": "github", "gitlab": "gitlab", "gitea": "gitea", "forgejo": "gitea"}
_FORGEJOS = ("codeberg.org", "forgejo")


@dataclass(frozen=True, slots=True)
class HookPorts:
    """What installing takes: `secret` gives the text of the secret that webhooks are verified with, `settings` what
    kinds one's own hosts are; `guard` refuses addresses.
    """

    secret: Callable[[], str]
    settings: Callable[[], Mapping[str, Named]]
    guard: Callable[[str], None] = refuse_inward


@dataclass(frozen=True, slots=True)
class _Asked:
    repository: str
    provider: str
    token: str
    url: str


def install_hook(ports: HookPorts, document: object) -> dict[str, Any]:
    """Has a repository send its webhooks to `url`, and says what was done (`created` or `updated`).

    The document has `repository`, `token`, `url` and perhaps `provider`. Raises `ConfigurationError` naming the field
    that is wrong, and what the host's API raises.
    """
    asked = _read(document)
    place, host = _host(ports, asked)
    known, keys = read_webhook_secrets(ports.secret()), _keys(place, asked)
    key = next((each for each in keys if known.get(each)), keys[0])
    secrets = known.get(key)
    if not secrets:
        raise ConfigurationError(
            f"holds no {key}; add it to the stack's webhook secret (docs/webhooks.md), then install again",
            field=key,
            subject="the secret of webhooks",
        )
    with _told(place):
        ours = [each for each in host.hooks() if _same(each.url, asked.url)]
        if ours:
            # A hook of the same address in another spelling is brought to this one.
            hook, done = host.update_hook(replace(ours[0], url=asked.url), secrets[0]), "updated"
        else:
            hook, done = host.create_hook(asked.url, secrets[0]), "created"
    answer = {"done": done, "provider": place.kind, "repository": place.web, "hook": _shown(hook, asked.url)}
    if len(ours) > 1:
        names = ", ".join(each.id for each in ours[1:])
        answer["warnings"] = [f"{len(ours) - 1} more of its hooks send here ({names}); remove them, one is enough"]
    return answer


def list_hooks(ports: HookPorts, document: object) -> dict[str, Any]:
    """The webhooks of a repository, and which of them send to `url`. Takes and raises what `install_hook` does."""
    asked = _read(document)
    place, host = _host(ports, asked)
    with _told(place):
        hooks = [_shown(each, asked.url) for each in host.hooks()]
    return {"provider": place.kind, "repository": place.web, "items": hooks}


def _host(ports: HookPorts, asked: _Asked) -> tuple[Place, HookHost]:
    kind = _KINDS.get(asked.provider, "")
    return hook_host(asked.repository, asked.token, ports.settings, kind=kind, guard=ports.guard)


@contextmanager
def _told(place: Place) -> Iterator[None]:
    """What the host refuses, as errors of what it was asked with: it is the caller's token, and no right of ours."""
    try:
        with understood(place.kind, "repository"):
            yield
    except ForbiddenError as error:
        raise ConfigurationError(error.message, field="token") from error
    except RejectedError as error:
        raise ConfigurationError(error.message, field=error.field) from error


def _keys(place: Place, asked: _Asked) -> tuple[str, ...]:
    """The keys of the secret that deliveries are verified with; a Forgejo falls back on Gitea's."""
    if asked.provider == "forgejo" or any(each in place.web for each in _FORGEJOS):
        return "webhook.forgejo.secret", "webhook.gitea.secret"
    return (f"webhook.{place.kind}.secret",)


def _read(document: object) -> _Asked:
    warnings: list[str] = []
    fields = Fields(document, "", warnings)
    asked = _Asked(
        fields.required_text("repository").strip(),
        fields.text("provider"),
        fields.required_text("token").strip(),
        fields.required_text("url").strip(),
    )
    fields.close()
    if warnings:
        raise ConfigurationError("is no field of an installation", field=warnings[0].partition(":")[0])
    if asked.provider and asked.provider not in _KINDS:
        raise ConfigurationError(f"must be one of {', '.join(_KINDS)}", field="provider")
    parts = urlsplit(asked.url)
    if parts.scheme not in ("https", "http") or not parts.netloc or parts.path != _PATH:
        raise ConfigurationError(f"must be the address of this Mooring, ending in {_PATH}", field="url")
    if not asked.token.isprintable() or " " in asked.token:
        raise ConfigurationError("must be one line without spaces", field="token")
    return asked


def _same(one: str, other: str) -> bool:
    def plain(url: str) -> tuple[str, str]:
        parts = urlsplit(url)
        return parts.netloc.lower(), parts.path.rstrip("/")

    return plain(one) == plain(other)


def _shown(hook: Hook, url: str) -> dict[str, Any]:
    return {
        "id": hook.id, "url": hook.url, "events": list(hook.events), "active": hook.active, "ours": _same(hook.url, url)
    }  # fmt: skip
