"""What a service's settings must hold, so that a mistake is told to whoever declares it and not to who waits for news.

Names and fields are those of Argo CD's notifications where they can be. What we have no service for, or do another
way, is refused with the way that there is. Names of secrets (`$name`) are left as they are: only `notify` knows their
values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.notify.services import TYPES

__all__ = ["check_service", "check_type"]

_REQUIRED: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "alertmanager": (("targets",),),
    "discord": (("url", "recipientUrls"),),
    "email": (("from",),),
    "googlechat": (("webhooks",),),
    "grafana": (("apiUrl",), ("apiKey",)),
    "mattermost": (("apiURL",), ("token",)),
    "opsgenie": (("apiKeys",),),
    "pagerdutyv2": (("serviceKeys",),),
    "slack": (("token",),),
    "slack-webhook": (("url", "recipientUrls"),),
    "sns": (("topics", "topic"),),
    "teams": (("recipientUrls", "url"),),
    "teams-workflows": (("recipientUrls", "url"),),
    "telegram": (("token",),),
    "webhook": (("url",),),
}
_MAPPINGS: Final = ("apiKeys", "recipientUrls", "serviceKeys", "topics", "webhooks")
_SMTP: Final = "is of SMTP, which is not spoken here; leave it out: mail goes by Amazon SES (docs/notifications.md)"
_REFUSED: Final[Mapping[str, Mapping[str, str]]] = {
    "email": dict.fromkeys(("host", "port", "username", "password", "insecure_skip_verify"), _SMTP),
}
_INSTEAD: Final[Mapping[str, str]] = {
    "awssqs": "declare service.sns, and let the queue subscribe to the topic",
    "datadog": "declare service.webhook with the address of its Events API",
    "gcppubsub": "declare service.webhook with the topic's :publish address",
    "kafka": "declare service.webhook with a REST proxy",
    "nats": "declare service.webhook with a gateway",
    "newrelic": "declare service.webhook with the address of its deployments API",
    "pagerduty": "declare service.pagerdutyv2 with serviceKeys: its events end by themselves",
    "pushover": "declare service.webhook with https://api.pushover.net/1/messages.json",
    "rocketchat": "declare service.webhook with the address of an incoming webhook",
    "webex": "declare service.webhook with https://webexapis.com/v1/messages",
}


def check_service(type_: str, settings: Mapping[str, Any], where: str) -> None:
    """Checks what is declared under `where` (`data[service.email]`). Raises `ConfigurationError` naming the field."""
    for name, why in _REFUSED.get(type_, {}).items():
        if name in settings:
            raise ConfigurationError(why, field=f"{where}.{name}")
    for choices in _REQUIRED.get(type_, ()):
        if not any(settings.get(name) for name in choices):
            beside = f", or {' or '.join(choices[1:])}" if len(choices) > 1 else ""
            raise ConfigurationError(f"must be there{beside}", field=f"{where}.{choices[0]}")
    for name in _MAPPINGS:
        if settings.get(name) and not isinstance(settings[name], Mapping):
            raise ConfigurationError("must be a mapping by the names that recipients use", field=f"{where}.{name}")


def check_type(type_: str, where: str) -> None:
    """Checks that there is such a type of service. Raises `ConfigurationError` with what there is instead."""
    if type_ in TYPES:
        return
    if type_ in _INSTEAD:
        raise ConfigurationError(f"is of a service that is not here; {_INSTEAD[type_]}", field=where)
    raise ConfigurationError(f"is of no service that is known here ({', '.join(sorted(TYPES))})", field=where)
