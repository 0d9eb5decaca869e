"""A webhook is installed from the page where the repository is: on a real Gitea, which then has it with all that it needs.

Gitea listens on this machine, where functions ask nobody: the guard against that is told in `test_own_keys`, and left out
here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import expect

from mooring.flows.asked import hooks
from tests.doubles.browsing import Desk, Seen, desk
from tests.doubles.hands import HANDS, WIDTHS, Hands, How, button, enter, said
from tests.doubles.realgitea import RealGitea, real_gitea

Look = Callable[..., Seen]
WORD = "a-word-that-both-sides-know"


@pytest.fixture(scope="module")
def gitea(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealGitea]:
    with real_gitea(tmp_path_factory.mktemp("gitea")) as started:
        yield started


@pytest.fixture(scope="module")
def own() -> Iterator[Desk]:
    """An installation that takes Gitea's deliveries, and asks hosts of this machine."""
    made = hooks.HookPorts

    def unguarded(*parts: Any) -> hooks.HookPorts:
        return replace(made(*parts), guard=lambda _: None)

    with desk({"WEBHOOK_SECRET": "hooks"}) as found, pytest.MonkeyPatch.context() as patch:
        patch.setattr(hooks, "HookPorts", unguarded)
        found.behind.secrets.create_secret(Name="hooks", SecretString=json.dumps({"webhook.gitea.secret": WORD}))
        yield found


@pytest.mark.parametrize("how", HANDS)
def test_a_hook_is_installed_and_brought_up_to_date(own: Desk, gitea: RealGitea, look: Look, how: How) -> None:
    """GIVEN a repository without hooks WHEN one is installed THEN Gitea has it and the page shows it; WHEN it is installed
    anew after somebody switched it off THEN one is there, and active; a token that may not is refused in words.
    """
    name = f"hooked-{how}"
    url = gitea.repository(name)
    hands = Hands(look(own, width=WIDTHS[how]), how)
    enter(hands, "/webhooks")
    hands.press(button(hands, "Install a webhook"))
    dialog = hands.seen.page.get_by_role("dialog", name="Install a webhook")
    listing = button(hands, "Show its webhooks", dialog)
    token = dialog.get_by_label("Access token of its host")

    def fill() -> None:
        hands.write(dialog.get_by_label("Repository", exact=True), url)
        hands.write(token, gitea.tokens["ada"])
        hands.pick(dialog.get_by_label("Provider"), "Gitea")

    fill()
    hands.write(token, "0" * 40)
    hands.press(listing)
    expect(dialog.get_by_role("alert")).to_contain_text("token")
    hands.seen.forgive("400")
    hands.write(token, gitea.tokens["ada"])
    hands.press(listing)
    expect(dialog.get_by_text("It has no webhooks.")).to_be_visible()
    hands.press(button(hands, "Install", dialog))
    said(hands, "is created")
    expect(dialog).to_have_count(0)
    assert gitea.tokens["ada"] not in hands.seen.page.content()
    (hook,) = gitea.ask("GET", f"/repos/ada/{name}/hooks")
    assert (f"{own.url}/api/webhook", True) == (hook["config"]["url"], hook["active"])
    assert {"push", "create", "delete", "pull_request"} <= set(hook["events"])
    gitea.ask("PATCH", f"/repos/ada/{name}/hooks/{hook['id']}", {"active": False})
    hands.press(button(hands, "Install a webhook"))
    fill()
    hands.press(listing)
    expect(dialog.get_by_text("Ours, switched off")).to_be_visible()
    hands.seen.accessible()
    hands.press(button(hands, "Install", dialog))
    said(hands, "is updated")
    (again,) = gitea.ask("GET", f"/repos/ada/{name}/hooks")
    assert (hook["config"], set(hook["events"]), True) == (again["config"], set(again["events"]), again["active"])
