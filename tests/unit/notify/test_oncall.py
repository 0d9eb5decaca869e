"""On-call services, dashboards and chats are told what their public APIs take, and what they refuse is passed on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from mooring.errors import ConfigurationError, ForbiddenError, RejectedError, ThrottledError
from mooring.notify.message import Receipt, Rendered, Sending, Summary
from mooring.notify.posting import Poster
from mooring.notify.services import service_of
from tests.doubles.listeners import Listeners, listeners
from tests.doubles.oncall import BOT_TOKEN, GENIE_KEY, GRAFANA_TOKEN, ROUTING_KEY

BAD = Summary("shop is Degraded", "no image", "bad", (("Author", "Ada"),), (("App", "https://m/a"),),
              "deployment 1", "PostAndUpdate", application="argocd/shop", trigger="on-health-degraded",
              alarm="argocd/shop on-health-degraded")  # fmt: skip
OVER = replace(BAD, title="shop is Healthy again", text="", tone="good", policy="Post")
GOOD = Summary("shop is deployed", "Fix it", "good", (), (("App", "https://m/a"),), "deployment 1", "Update",
               application="argocd/shop", trigger="on-deployed")  # fmt: skip
TEAM = "4513b7ea-3b91-438f-b7e4-e3e54af9147c"


@pytest.fixture
def heard() -> Iterator[Listeners]:
    with listeners() as double:
        yield double


def tell(
    heard: Listeners, type_: str, rendered: Rendered | Summary, previous: Receipt | None = None, to: str = "team",
    at: float = 1_700_000_000.0, id_: str = "note-1",
) -> Receipt | None:  # fmt: skip
    configs: dict[str, dict[str, Any]] = {
        "googlechat": {"webhooks": {"team": f"{heard.url}/v1/spaces/A/messages?key=k&token=s3cret"}},
        "grafana": {"apiUrl": f"{heard.url}/grafana/api/", "apiKey": GRAFANA_TOKEN, "tags": "mooring|prod"},
        "mattermost": {"apiURL": f"{heard.url}/mattermost", "token": BOT_TOKEN},
        "opsgenie": {"apiUrl": heard.url, "apiKeys": {"team": GENIE_KEY, TEAM: GENIE_KEY, "other": "s3cret-other"}},
        "pagerdutyv2": {"apiUrl": heard.url, "serviceKeys": {"team": ROUTING_KEY, "short": "s3cret"}},
        "telegram": {"token": BOT_TOKEN, "apiUrl": heard.url},
    }
    message = Rendered(rendered) if isinstance(rendered, Summary) else rendered
    sending = Sending(type_, to, id_, at, Poster(), lambda url: None, lambda service, region: None)
    return service_of(type_).deliver(configs[type_], message, previous, sending)


@pytest.mark.parametrize("type_", ["opsgenie", "pagerdutyv2"])
def test_an_alarm_is_opened_once_and_closed(heard: Listeners, type_: str) -> None:
    """GIVEN the same trouble told twice, as after a crash WHEN it is over THEN there was one, and there is none."""
    keeps = heard.oncall.genie if type_ == "opsgenie" else heard.oncall.incidents
    tell(heard, type_, BAD, id_="note-1")
    tell(heard, type_, BAD, id_="note-2")
    assert ["mooring argocd/shop on-health-degraded"] == list(keeps)
    tell(heard, type_, OVER, id_="note-3")
    tell(heard, type_, OVER, id_="note-3")
    assert ({}, []) == (keeps, heard.refused)


@pytest.mark.parametrize("type_", ["opsgenie", "pagerdutyv2"])
def test_what_nobody_has_a_key_for_is_named(heard: Listeners, type_: str) -> None:
    """The setting and the recipient; nothing is asked."""
    with pytest.raises(ConfigurationError, match="'nobody'"):
        tell(heard, type_, BAD, to="nobody")
    assert [] == heard.calls


def test_a_template_words_an_incident(heard: Listeners) -> None:
    """Every field that Argo CD's `pagerdutyv2` has; a severity that is none is named."""
    own = {"summary": "S", "severity": "critical", "source": "src", "component": "c", "group": "g", "class": "k"}
    tell(heard, "pagerdutyv2", Rendered(BAD, {"message": "m", "pagerdutyv2": own | {"url": "https://x"}}))
    (incident,) = heard.oncall.incidents.values()
    assert own == {name: incident[name] for name in own}
    with pytest.raises(ConfigurationError, match="severity"):
        tell(heard, "pagerdutyv2", Rendered(BAD, {"message": "m", "pagerdutyv2": {"severity": "bad"}}))


def test_a_deployment_pages_nobody_unless_a_template_says_so(heard: Listeners) -> None:
    """It is a change event; with a section of the template it is an alert, as in Argo CD."""
    tell(heard, "pagerdutyv2", GOOD)
    assert ({}, 1) == (heard.oncall.incidents, len(heard.oncall.changes))
    tell(heard, "pagerdutyv2", Rendered(GOOD, {"message": "m", "pagerdutyv2": {"summary": "S", "severity": "info"}}))
    assert ["mooring note-1"] == list(heard.oncall.incidents)


def test_a_template_words_an_alert(heard: Listeners) -> None:
    """`description` and `priority`; a team is named by its id or its name; a priority that is none is named."""
    own = {"description": "D", "priority": "P1"}
    tell(heard, "opsgenie", Rendered(BAD, {"message": "m", "opsgenie": own}), to=TEAM)
    (alert,) = heard.oncall.genie.values()
    assert ("m", "D", "P1", [{"type": "team", "id": TEAM}]) == tuple(
        alert[name] for name in ("message", "description", "priority", "responders")
    )
    with pytest.raises(ConfigurationError, match="priority"):
        tell(heard, "opsgenie", Rendered(BAD, {"message": "m", "opsgenie": {"priority": "urgent"}}))


def test_refusals_are_in_the_services_own_words_without_keys(heard: Listeners) -> None:
    """PagerDuty names what is wrong, and quotes the key; Opsgenie names the field; Telegram the chat."""
    with pytest.raises(RejectedError, match="'…' is no routing key") as raised:
        tell(heard, "pagerdutyv2", BAD, to="short")
    assert "s3cret" not in str(raised.value)
    heard.faults["/v2/alerts"] = [(422, {}, {"message": "not processable", "errors": {"message": "is empty"}})]
    with pytest.raises(RejectedError, match="not processable; message: is empty"):
        tell(heard, "opsgenie", BAD)
    with pytest.raises(ForbiddenError):
        tell(heard, "opsgenie", BAD, to="other")
    with pytest.raises(RejectedError, match="chat not found"):
        tell(heard, "telegram", BAD, to="nowhere")


def test_a_deployment_is_one_region(heard: Listeners) -> None:
    """GIVEN a deployment that began WHEN it ends a minute later THEN Grafana has one annotation over that minute."""
    running = replace(GOOD, title="shop is being synced", tone="running", trigger="on-sync-running")
    receipt = tell(heard, "grafana", running, to="team|eu")
    assert {"id": "1", "time": "1700000000000"} == receipt
    assert receipt == tell(heard, "grafana", GOOD, receipt, to="team|eu", at=1_700_000_060.5)
    (region,) = heard.oncall.annotations.values()
    assert (1_700_000_000_000, 1_700_000_060_500) == (region["time"], region["timeEnd"])
    assert ["team", "eu", "mooring", "prod", "argocd/shop", "on-deployed"] == region["tags"]
    assert 'shop is deployed\nFix it\n<a href="https://m/a">App</a>' == region["text"]


def test_an_annotation_that_somebody_deleted_is_made_anew(heard: Listeners) -> None:
    """What is no longer there can't be moved."""
    receipt = tell(heard, "grafana", GOOD, {"id": "99", "time": "1700000000000"})
    assert ({"id": "1", "time": "1700000000000"}, 1) == (receipt, len(heard.oncall.annotations))


@pytest.mark.parametrize("type_", ["mattermost", "telegram"])
def test_chats_rewrite_in_place(heard: Listeners, type_: str) -> None:
    """GIVEN a receipt WHEN the next message of its group comes, twice THEN there is one; without the first, a new one."""
    kept = heard.oncall.posts if type_ == "mattermost" else heard.oncall.telegrams
    receipt = tell(heard, type_, replace(GOOD, title="shop is being synced"), to="-100")
    for _ in range(2):
        assert receipt == tell(heard, type_, GOOD, receipt, to="-100")
    assert 1 == len(kept)
    assert "shop is deployed" in next(iter(kept.values()))["message" if type_ == "mattermost" else "text"]
    kept.clear()
    assert tell(heard, type_, GOOD, receipt, to="-100")
    assert 1 == len(kept)


def test_telegram_says_in_its_answer_how_long_to_wait(heard: Listeners) -> None:
    """Not in a header; a name is a public channel."""
    heard.faults["/bot"] = [(429, {}, {"ok": False, "error_code": 429, "parameters": {"retry_after": 33}})]
    with pytest.raises(ThrottledError) as raised:
        tell(heard, "telegram", GOOD, to="releases")
    assert 33.0 == raised.value.retry_after
    tell(heard, "telegram", GOOD, to="releases")
    assert ["@releases"] == [each["chat_id"] for each in heard.oncall.telegrams.values()]


def test_google_chat_gets_a_message_once_and_in_its_thread(heard: Listeners) -> None:
    """The same request id after a crash; a thread for a deployment, or the one that a template names."""
    tell(heard, "googlechat", GOOD, id_="a")
    tell(heard, "googlechat", GOOD, id_="a")
    tell(heard, "googlechat", replace(GOOD, title="more"), id_="b")
    cards = "- header: {title: shop}\n  sections: []"
    tell(heard, "googlechat", Rendered(GOOD, {"googlechat": {"cardsV2": cards, "threadKey": "mine"}}), id_="c")
    said = heard.oncall.spaces
    assert ["a", "b", "c"] == list(said)
    assert (True, False) == (said["a"]["thread"] == said["b"]["thread"], said["a"]["thread"] == said["c"]["thread"])
    assert [{"cardId": "c-0", "card": {"header": {"title": "shop"}, "sections": []}}] == said["c"]["cardsV2"]


def test_attachments_of_a_template_go_to_mattermost(heard: Listeners) -> None:
    """As Argo CD's catalog has them; what is no JSON is named."""
    own = {"attachments": json.dumps([{"title": "T"}])}
    tell(heard, "mattermost", Rendered(GOOD, {"message": "m", "mattermost": own}))
    (post,) = heard.oncall.posts.values()
    assert ("m", [{"title": "T"}]) == (post["message"], post["props"]["attachments"])
    with pytest.raises(ConfigurationError, match=r"mattermost\.attachments"):
        tell(heard, "mattermost", Rendered(GOOD, {"message": "m", "mattermost": {"attachments": "{"}}))
