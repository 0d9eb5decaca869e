"""Webhooks are installed once, however often one asks; a double of GitHub and one of GitLab keep what they are sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.flows.asked.hooks import HookPorts, install_hook, list_hooks
from mooring.forge.places import Named
from tests.doubles.forgeserver import ForgeDouble, forge_double

HERE = "https://mooring.example/api/webhook"
BASE = "/api/v3/repos/acme/shop/hooks"
SECRETS = {"github": "from-the-stack", "webhook.gitlab.secret": ["new", "old"]}


@pytest.fixture
def forge() -> Iterator[ForgeDouble]:
    with forge_double() as double:
        yield double


def ports(forge: ForgeDouble, kind: str = "github", secrets: Any = SECRETS) -> HookPorts:
    named = {forge.url.removeprefix("http://"): Named(kind)}
    return HookPorts(lambda: json.dumps(secrets), lambda: named, guard=lambda _: None)


def asked(forge: ForgeDouble, **more: str) -> dict[str, str]:
    return {"repository": f"{forge.url}/acme/shop.git", "token": "s3cret", "url": HERE, **more}


def hook(number: int, url: str) -> dict[str, Any]:
    return {"id": number, "active": True, "events": ["push"], "config": {"url": url}}


def test_a_hook_is_created_with_the_secret(forge: ForgeDouble) -> None:
    """GIVEN a repository with other hooks, one is created, with the secret that its deliveries are verified with."""
    forge.things |= {("GET", BASE): [hook(1, "https://ci.example/api/webhook")], ("POST", BASE): hook(2, HERE)}
    answer = install_hook(ports(forge), asked(forge))
    shown = {"id": "2", "url": HERE, "events": ["push"], "active": True, "ours": True}
    assert {
        "done": "created", "provider": "github", "repository": f"{forge.url}/acme/shop", "hook": shown,
    } == answer  # fmt: skip
    assert "from-the-stack" == forge.asked[-1].body["config"]["secret"]
    assert "from-the-stack" not in json.dumps(answer)


def test_a_hook_that_is_there_is_brought_up_to_date(forge: ForgeDouble) -> None:
    """GIVEN hooks that send here already, in any spelling, one is updated and the others are told of."""
    forge.things |= {
        ("GET", BASE): [hook(1, "http://MOORING.example/api/webhook/"), hook(2, "https://ci.example"), hook(3, HERE)],
        ("PATCH", f"{BASE}/1"): hook(1, HERE),
    }
    answer = install_hook(ports(forge), asked(forge))
    assert ("updated", "1") == (answer["done"], answer["hook"]["id"])
    assert ["1 more of its hooks send here (3); remove them, one is enough"] == answer["warnings"]
    assert [("GET", None), ("PATCH", HERE)] == [
        (each.method, each.body and each.body["config"]["url"]) for each in forge.asked
    ]


def test_gitlab_gets_the_newest_of_its_secrets(forge: ForgeDouble) -> None:
    """GIVEN two secrets while one is exchanged for another, a hook is made with the first."""
    forge.header = ("private-token", "s3cret")
    base = "/api/v4/projects/acme%2Fshop/hooks"
    forge.things |= {("GET", base): [], ("POST", base): {"id": 9, "url": HERE, "push_events": True}}
    assert "created" == install_hook(ports(forge, "gitlab"), asked(forge))["done"]
    assert "new" == forge.asked[-1].body["token"]


def test_gitlab_gets_a_signing_token_as_such(forge: ForgeDouble) -> None:
    """GIVEN a signing token, GitLab is told that it is one; a GitLab that passes it over leaves no unsigned hook be."""
    forge.header = ("private-token", "s3cret")
    base, signing = "/api/v4/projects/acme%2Fshop/hooks", {"webhook.gitlab.secret": "whsec_a2V5"}
    shown = {"id": 9, "url": HERE, "push_events": True}
    forge.things |= {("GET", base): [], ("POST", base): {**shown, "signing_token_present": True}}
    install_hook(ports(forge, "gitlab", signing), asked(forge))
    assert ("whsec_a2V5", None) == (forge.asked[-1].body["signing_token"], forge.asked[-1].body.get("token"))
    forge.things["POST", base] = shown
    with pytest.raises(ConfigurationError, match="put a plain token first"):
        install_hook(ports(forge, "gitlab", signing), asked(forge))


@pytest.mark.parametrize(
    ("secrets", "used"),
    [
        ({"webhook.forgejo.secret": "f", "webhook.gitea.secret": "g"}, "f"),
        ({"webhook.gitea.secret": "g"}, "g"),
    ],
)
def test_forgejo_has_a_secret_of_its_own_or_giteas(forge: ForgeDouble, secrets: dict[str, str], used: str) -> None:
    """GIVEN a Forgejo, its own secret counts, else Gitea's, as for its deliveries."""
    forge.header = ("authorization", "token s3cret")
    base = "/api/v1/repos/acme/shop/hooks"
    forge.things |= {("GET", base): [], ("POST", base): hook(2, HERE)}
    install_hook(ports(forge, "gitea", secrets), asked(forge, provider="forgejo"))
    assert used == forge.asked[-1].body["config"]["secret"]


def test_without_a_secret_nothing_is_installed(forge: ForgeDouble) -> None:
    """GIVEN no secret for the provider, a hook would be refused later, so it is refused now."""
    with pytest.raises(ConfigurationError) as caught:
        install_hook(ports(forge, "gitea"), asked(forge))
    assert ("webhook.gitea.secret", []) == (caught.value.field, forge.asked)


def test_a_token_that_may_not_is_told(forge: ForgeDouble) -> None:
    """GIVEN a token without the right, the error says so."""
    with pytest.raises(ConfigurationError, match="check it and its scopes") as caught:
        install_hook(ports(forge), asked(forge, token="wrong"))  # noqa: S106 (it is wrong)
    assert caught.value.field == "token"


def test_a_hook_that_the_host_does_not_take_is_told(forge: ForgeDouble) -> None:
    """GIVEN a host that takes no more hooks, the error is no failure of ours."""
    forge.things |= {("GET", BASE): [], ("POST", BASE): {}}
    forge.statuses["POST", BASE] = 422
    with pytest.raises(ConfigurationError, match="does not take it") as caught:
        install_hook(ports(forge), asked(forge))
    assert caught.value.field == "repository"


def test_hooks_are_listed(forge: ForgeDouble) -> None:
    """GIVEN hooks, those that send here are marked."""
    forge.things["GET", BASE] = [hook(1, "https://ci.example"), hook(2, HERE), hook(3, HERE)]
    assert [("1", False), ("2", True), ("3", True)] == [
        (each["id"], each["ours"]) for each in list_hooks(ports(forge), asked(forge))["items"]
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"repository": ""}, "repository"),
        ({"repository": "no address"}, "repository"),
        ({"token": ""}, "token"),
        ({"token": "two\nlines"}, "token"),
        ({"url": "https://mooring.example/elsewhere"}, "url"),
        ({"url": "ftp://mooring.example/api/webhook"}, "url"),
        ({"provider": "svn"}, "provider"),
        ({"provider": "gitlab"}, "repository"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_a_mistake_is_told_by_its_field(forge: ForgeDouble, change: dict[str, str], field: str) -> None:
    """GIVEN a mistake, the error names the field, and nobody is asked."""
    with pytest.raises(ConfigurationError) as caught:
        install_hook(ports(forge), asked(forge, **change))
    assert (field, []) == (caught.value.field, forge.asked)
