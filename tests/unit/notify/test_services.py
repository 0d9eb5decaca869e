"""Each service is told within its own limits, and its refusals mean what its documentation says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mooring.errors import ConfigurationError, ForbiddenError, MooringError, RejectedError, ThrottledError
from mooring.errors import UnreachableError
from mooring.forge.places import Place
from mooring.forge.rest import Rest
from mooring.notify.message import Receipt, Rendered, Sending, Summary
from mooring.notify.posting import Poster
from mooring.notify.services import TYPES, service_of
from tests.doubles.forgeserver import ForgeDouble, forge_double
from tests.doubles.listeners import TOKEN, Listeners, listeners
from tests.doubles.oncall import BOT_TOKEN, GENIE_KEY, GRAFANA_TOKEN, ROUTING_KEY

SHA = "a" * 40
HUGE = Summary(
    "A title that goes on and on <&> " * 20, "Text & more <of it> \n" * 3000, "bad",
    tuple((f"Fact {n}", "value & value " * 200) for n in range(40)),
    (("Application", "https://m/applications/shop"), ("Much too long", "https://m/" + "x" * 4000)),
    application="argocd/shop", trigger="on-drift-found",
)  # fmt: skip
SMALL = Summary("shop is deployed", "Fix it", "good", (("Author", "Ada"),), (("Application", "https://m/a"),),
                "deployment 1", "Update", repository="https://github.com/acme/shop.git", revision=SHA,
                application="argocd/shop", trigger="on-deployed")  # fmt: skip


@pytest.fixture
def heard() -> Iterator[Listeners]:
    with listeners() as double:
        yield double


def tell(
    heard: Listeners, type_: str, rendered: Rendered | Summary, previous: Receipt | None = None, **config: Any
) -> Receipt | None:
    message = Rendered(rendered) if isinstance(rendered, Summary) else rendered
    sending = Sending(
        type_, "team", "note-1", 1_700_000_000.0, Poster(), lambda url: None, lambda service, region: None
    )
    receipt = service_of(type_).deliver(config, message, previous, sending)
    assert [] == heard.refused
    return receipt


def configs(heard: Listeners) -> dict[str, dict[str, Any]]:
    return {
        "alertmanager": {"targets": [heard.url.removeprefix("http://")]},
        "discord": {"url": f"{heard.url}/api/webhooks/1/s3cret"},
        "googlechat": {"webhooks": {"team": f"{heard.url}/v1/spaces/A/messages?key=k&token=s3cret"}},
        "grafana": {"apiUrl": f"{heard.url}/grafana/api", "apiKey": GRAFANA_TOKEN},
        "mattermost": {"apiURL": f"{heard.url}/mattermost", "token": BOT_TOKEN},
        "opsgenie": {"apiUrl": heard.url, "apiKeys": {"team": GENIE_KEY}},
        "pagerdutyv2": {"apiUrl": heard.url, "serviceKeys": {"team": ROUTING_KEY}},
        "slack": {"token": TOKEN, "apiURL": f"{heard.url}/api"},
        "slack-webhook": {"url": f"{heard.url}/services/T/B/s3cret"},
        "teams": {"recipientUrls": {"team": f"{heard.url}/powerautomate/s3cret"}},
        "teams-workflows": {"recipientUrls": {"team": f"{heard.url}/powerautomate/s3cret"}},
        "telegram": {"token": BOT_TOKEN, "apiUrl": heard.url},
        "webhook": {"url": f"{heard.url}/hook"},
    }


OVER_HTTP = sorted(set(TYPES) - {"email", "github", "gitlab", "sns"})


@pytest.mark.parametrize("type_", OVER_HTTP)
def test_whatever_is_told_fits(heard: Listeners, type_: str) -> None:
    """GIVEN a message beyond every limit WHEN it is told THEN the service takes it."""
    tell(heard, type_, HUGE, **configs(heard)[type_])
    tell(heard, type_, SMALL, **configs(heard)[type_])
    assert 2 == len(heard.calls)


@pytest.mark.parametrize("type_", OVER_HTTP)
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ((429, {"Retry-After": "7"}, {}), ThrottledError),
        ((500, {}, {}), UnreachableError),
        ((403, {}, "invalid token s3cret"), ForbiddenError),
        ((404, {}, "no_service s3cret"), ConfigurationError),
        ((400, {}, "invalid_blocks s3cret"), RejectedError),
    ],
)
def test_refusals_mean_what_they_say_and_hold_no_secret(
    heard: Listeners, type_: str, fault: Any, kind: type[MooringError]
) -> None:
    """Statuses tell whether to try again; neither a body nor the address of a webhook reaches the error."""
    heard.faults["/"] = [fault]
    with pytest.raises(kind) as raised:
        tell(heard, type_, SMALL, **configs(heard)[type_])
    assert "s3cret" not in str(raised.value)
    if isinstance(raised.value, ThrottledError):
        assert 7.0 == raised.value.retry_after


def test_nobody_there_is_a_passing_trouble(heard: Listeners) -> None:
    """A port that nobody listens at."""
    with pytest.raises(UnreachableError):
        tell(heard, "webhook", SMALL, url="http://127.0.0.1:9/hook")


@pytest.mark.parametrize("type_", ["slack", "discord"])
def test_a_message_is_rewritten_in_place(heard: Listeners, type_: str) -> None:
    """GIVEN a receipt WHEN the next message of its group comes THEN there is still one; without the first, a new one."""
    config = configs(heard)[type_]
    receipt = tell(heard, type_, SMALL, **config)
    assert receipt is not None
    assert receipt == tell(heard, type_, Summary("shop is worse", policy="Update"), receipt, **config)
    kept = heard.slack if type_ == "slack" else heard.discord
    assert 1 == len(kept)
    kept.clear()
    assert tell(heard, type_, Summary("shop is worse", policy="Update"), receipt, **config)
    assert 1 == len(kept)


@pytest.mark.parametrize(
    ("code", "kind"),
    [("invalid_auth", ForbiddenError), ("channel_not_found", ConfigurationError), ("fatal_error", UnreachableError),
     ("ratelimited", UnreachableError), ("invalid_blocks", RejectedError)],
)  # fmt: skip
def test_slack_refuses_with_200(heard: Listeners, code: str, kind: type[MooringError]) -> None:
    """`ok: false` is a refusal, of the kind that its word says."""
    heard.faults["/api/"] = [(200, {}, {"ok": False, "error": code})]
    with pytest.raises(kind):
        tell(heard, "slack", SMALL, **configs(heard)["slack"])


def test_a_webhook_says_which_message_it_is(heard: Listeners) -> None:
    """Without a template the summary is sent as JSON, under a key that stays the same."""
    basic = {"username": "u", "password": "p"}
    tell(heard, "webhook", SMALL, **configs(heard)["webhook"], basicAuth=basic)
    ((method, _, headers, body),) = heard.hooks
    assert ("POST", "note-1", "Basic dTpw") == (method, headers["idempotency-key"], headers["authorization"])
    assert {"Author": "Ada"} == json.loads(body)["facts"]


def test_teams_takes_a_card_of_the_users_own(heard: Listeners) -> None:
    """An `adaptiveCard` is sent as it is; one that is no JSON is named."""
    card = {"type": "AdaptiveCard", "version": "1.4", "body": []}
    sections = {"message": "x", "teams-workflows": {"adaptiveCard": json.dumps(card)}}
    tell(heard, "teams-workflows", Rendered(SMALL, sections), **configs(heard)["teams-workflows"])
    assert [card] == heard.teams
    with pytest.raises(ConfigurationError, match="adaptiveCard"):
        broken = Rendered(SMALL, {"teams-workflows": {"adaptiveCard": "{"}})
        tell(heard, "teams-workflows", broken, **configs(heard)["teams-workflows"])


def test_alerts_carry_labels_of_the_template(heard: Listeners) -> None:
    """Labels of a template come on top of ours."""
    sections = {"message": "bad", "alertmanager": {"labels": {"severity": "P1"}, "annotations": {"a": "b"}}}
    tell(heard, "alertmanager", Rendered(SMALL, sections), **configs(heard)["alertmanager"])
    (alert,) = heard.alerts
    assert ("on-deployed", "P1") == (alert["labels"]["alertname"], alert["labels"]["severity"])
    assert {"message": "bad", "a": "b"} == alert["annotations"]


def said_to(double: ForgeDouble, kind: str, rendered: Rendered, **config: Any) -> Receipt | None:
    name, value = double.header
    rest = Rest(double.url, {name: value}, where="repository", guard=lambda url: None)
    place = Place(kind, double.url, "acme", "shop", f"https://{kind}.com/acme/shop")
    sending = Sending(
        kind, "", "note-1", 1_700_000_000.0, Poster(), lambda url: (place, rest), lambda service, region: None
    )
    return service_of(kind).deliver(config, rendered, None, sending)


def test_github_gets_a_status_and_one_deployment() -> None:
    """GIVEN a message of a deployed commit WHEN it is told twice THEN the status is set and one deployment is made."""
    with forge_double() as double:
        base = "/repos/acme/shop"
        double.things |= {
            ("POST", f"{base}/statuses/{SHA}"): {"id": 1},
            ("GET", f"{base}/deployments"): [],
            ("POST", f"{base}/deployments"): {"id": 7},
            ("POST", f"{base}/deployments/7/statuses"): {"id": 8},
        }
        assert {"deployment": "7"} == said_to(double, "github", Rendered(SMALL), environment="production")
        double.things["GET", f"{base}/deployments"] = [{"id": 7}]
        said_to(double, "github", Rendered(SMALL), environment="production")
        posted = [(each.path.removeprefix(base), each.body) for each in double.asked if each.method == "POST"]
    statuses = [body for path, body in posted if path.startswith("/statuses/")]
    assert ("success", "continuous-delivery/shop", "shop is deployed", "https://m/a") == (
        statuses[0]["state"], statuses[0]["context"], statuses[0]["description"], statuses[0]["target_url"],
    )  # fmt: skip
    assert 1 == len([path for path, _ in posted if path == "/deployments"])


def test_gitlab_gets_a_status_and_a_deployment() -> None:
    """GitLab's words for the same, by the project's path."""
    with forge_double() as double:
        base = "/projects/acme%2Fshop"
        double.things |= {
            ("POST", f"{base}/statuses/{SHA}"): {"id": 1},
            ("GET", f"{base}/deployments"): [],
            ("POST", f"{base}/deployments"): {"id": 7},
        }
        running = Rendered(Summary("x", tone="running", repository="r", revision=SHA, application="argocd/shop"))
        assert {"deployment": "7"} == said_to(double, "gitlab", running, environment="staging")
        bodies = [each.body for each in double.asked if each.method == "POST"]
    assert ["running", "running"] == [body.get("state") or body.get("status") for body in bodies]


def test_what_is_about_no_commit_says_nothing_to_a_code_host() -> None:
    """An outage, or an application from a chart."""
    with forge_double() as double:
        assert said_to(double, "github", Rendered(Summary("out of reach", tone="bad"))) is None
        assert [] == double.asked


def test_links_of_a_template_are_links_in_slack() -> None:
    """As Argo CD sends it: marks in a template's message are Slack's, those in words of ours are text."""
    from mooring.notify.services.slack import content_of

    link = "<https://deploy.example.com/applications/shop|shop> <!here>"
    assert link == content_of(Rendered(SMALL, {"message": link}))["text"]
    assert "&lt;&amp;&gt;" in content_of(Rendered(HUGE))["text"]
