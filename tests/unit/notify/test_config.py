"""What users write about notifications is read as Argo CD reads it, and what is wrong is named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.notify.config import load_yaml, read_config
from mooring.notify.filling import fill
from mooring.notify.selecting import parse_text_selector
from mooring.notify.subscriptions import Subscription, read_annotations
from mooring.notify.timing import Timing, due_at, parse_digest, parse_quiet


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_annotations_subscribe() -> None:
    """Both forms of Argo CD, several recipients, no recipient, and no trigger."""
    prefix = "notifications.argoproj.io/subscribe"
    annotations = {
        f"{prefix}.on-deployed.slack": "a; b",
        f"{prefix}.on-deployed.ci": "",
        f"{prefix}.discord": "c",
        "notifications.argoproj.io/subscriptions": """
- trigger: [on-created, on-deleted]
  destinations: [{service: slack, recipients: [d]}, {service: ci}]
""",
        "another": "x",
    }
    found, wrong = read_annotations(annotations, load_yaml)
    assert [] == wrong
    assert [
        ("on-deployed", "slack", "a"), ("on-deployed", "slack", "b"), ("on-deployed", "ci", ""), ("", "discord", "c"),
        ("on-created", "slack", "d"), ("on-deleted", "slack", "d"), ("on-created", "ci", ""), ("on-deleted", "ci", ""),
    ] == [(each.trigger, each.service, each.recipient) for each in found]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [("notifications.argoproj.io/subscriptions", "trigger: x"), ("notifications.mooring.dev/quiet", "at night"),
     ("notifications.mooring.dev/digest", "3 days"), ("notifications.mooring.dev/quiet", "22:00-07:00 Mars/Base")],
)  # fmt: skip
def test_a_broken_annotation_is_named_and_spoils_no_other(name: str, text: str) -> None:
    """Whoever subscribes beside it is told all the same."""
    found, wrong = read_annotations({name: text, "notifications.argoproj.io/subscribe.x.slack": "a"}, load_yaml)
    assert [Subscription("x", "slack", "a")] == found
    assert name in wrong[0]


def test_a_whole_config_map_is_read() -> None:
    """Services with names of their own, default triggers, context, and keys that are none of ours."""
    config = read_config(
        {
            "service.slack": "token: $slack-token",
            "service.webhook.ci": "url: https://ci.test",
            "trigger.on-deployed": "- {when: 'true', send: [app-deployed]}",
            "defaultTriggers": "[on-created]",
            "defaultTriggers.ci": "[on-deployed]",
            "subscriptions": "- {recipients: [slack:a, ci], selector: 'team in (x, y)', digest: 1h}",
            "context": "argocdUrl: https://m",
            "logo": "x",
        }
    )
    assert {"slack": "slack", "ci": "webhook"} == {name: each.type for name, each in config.services.items()}
    assert "true" == config.triggers["on-deployed"][0].when
    assert "on-health-degraded" in config.triggers
    (default,) = config.subscriptions
    assert [("on-created",), ("on-deployed",)] == [config.triggers_of(each) for each in default.subscriptions]
    assert 3600.0 == default.subscriptions[0].timing.digest


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"service.carrier-pigeon": "{}"}, "data[service.carrier-pigeon]"),
        ({"service.slack": "[]"}, "data[service.slack]"),
        ({"service.slack": "{}"}, "data[service.slack].token"),
        ({"service.email": "{host: smtp.test, from: a@b.test}"}, "data[service.email].host"),
        ({"service.email.gmail": "{username: $u, from: a@b.test}"}, "data[service.email.gmail].username"),
        ({"service.email": "{region: eu-west-1}"}, "data[service.email].from"),
        ({"service.pagerdutyv2": "serviceKeys: $key"}, "data[service.pagerdutyv2].serviceKeys"),
        ({"service.pagerduty": "{token: $t, from: a@b.test}"}, "data[service.pagerduty]"),
        ({"service.opsgenie": "apiUrl: api.eu.opsgenie.com"}, "data[service.opsgenie].apiKeys"),
        ({"service.grafana": "apiUrl: https://g.test/api"}, "data[service.grafana].apiKey"),
        ({"service.rocketchat": "{email: a, password: $p}"}, "data[service.rocketchat]"),
        ({"trigger.x": "when: true"}, "data[trigger.x]"),
        ({"trigger.x": "[{send: [app-created]}]"}, "data[trigger.x][0].when"),
        ({"trigger.x": "[{when: 'true', send: [nothing]}]"}, "data[trigger.x]"),
        ({"trigger.x": "[{when: 'true'}]"}, "data[trigger.x][0].send"),
        ({"template.x": "text"}, "data[template.x]"),
        ({"subscriptions": "[{recipients: [a:b], quiet: 25:00-26:00}]"}, "data[subscriptions][0].quiet"),
        ({"subscriptions": "[{recipients: [a:b], selector: 'a=b=c'}]"}, "data[subscriptions][0].selector"),
        ({"context": "{"}, "data[context]"),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, str], field: str) -> None:
    """The error has the key, so that whoever applies it finds the line."""
    with pytest.raises(ConfigurationError) as raised:
        read_config(data)
    assert field == raised.value.field


@pytest.mark.parametrize(
    ("text", "labels", "holds"),
    [("team=shop", {"team": "shop"}, True), ("team!=shop", {}, True), ("zone in (a, b),!frozen", {"zone": "b"}, True),
     ("zone notin (a)", {"zone": "a"}, False), ("frozen", {}, False), ("team==shop, frozen", {"team": "shop"}, False)],
)  # fmt: skip
def test_selectors_are_kubernetes(text: str, labels: dict[str, str], holds: bool) -> None:
    """Equality, sets, presence."""
    assert holds == parse_text_selector(text, "x").matches(labels)


@pytest.mark.parametrize(
    ("quiet", "digest", "now", "due"),
    [
        ("", "0", "2026-06-02T12:00:00", "2026-06-02T12:00:00"),
        ("22:00-07:00", "0", "2026-06-02T23:30:00", "2026-06-03T07:00:00"),
        ("22:00-07:00", "0", "2026-06-02T06:59:59", "2026-06-02T07:00:00"),
        ("22:00-07:00", "0", "2026-06-02T07:00:00", "2026-06-02T07:00:00"),
        ("22:00-07:00 Europe/Berlin", "0", "2026-06-02T20:30:00", "2026-06-03T05:00:00"),
        ("Sat,Sun 00:00-24:00; 22:00-07:00", "0", "2026-06-05T23:00:00", "2026-06-08T07:00:00"),
        ("", "1h", "2026-06-02T12:10:00", "2026-06-02T13:00:00"),
        ("13:00-14:00", "1h", "2026-06-02T12:10:00", "2026-06-02T14:00:00"),
    ],
)
def test_people_are_told_when_they_want(quiet: str, digest: str, now: str, due: str) -> None:
    """Quiet hours over midnight, in another zone, over a weekend; digests; both."""
    timing = Timing(parse_quiet(quiet, "quiet"), parse_digest(digest, "digest"))
    assert at(due) == due_at(timing, at(now))


def test_names_of_secrets_become_values() -> None:
    """Anywhere in the settings, in the middle of a text, too; a name that is not there is an error without values."""
    settings: dict[str, Any] = {"url": "https://x/$path?y=1", "headers": [{"value": "token $tok-en"}], "n": 3}
    secrets = {"path": "a/b", "tok-en": "s3cret"}
    assert {"url": "https://x/a/b?y=1", "headers": [{"value": "token s3cret"}], "n": 3} == fill(
        settings, lambda: secrets
    )
    with pytest.raises(ConfigurationError, match="'other'"):
        fill({"a": "$other"}, lambda: secrets)
