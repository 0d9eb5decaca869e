"""What people bring and take along in a browser: their tokens, public keys, certificates, and webhooks of repositories."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from mooring.state.sealingkeys import SealingKeys
from mooring.state.secret_store import SecretStore
from tests.doubles.browsing import Desk, Seen, desk
from tests.doubles.furnishing import tell_api
from tests.doubles.signing import pen

Look = Callable[..., Seen]


@pytest.fixture(scope="module")
def own() -> Iterator[Desk]:
    """An installation that knows nothing yet."""
    with desk() as found:
        yield found


def say(seen: Seen, text: str) -> None:
    """The page has said so."""
    expect(seen.page.locator(".toast").filter(has_text=text)).to_be_visible()


def status_with(desk: Desk, token: str) -> int:
    """What the API answers to whoever asks with this token."""
    asked = urllib.request.Request(f"{desk.url}/api/v1/session", headers={"authorization": f"Bearer {token}"})  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_a_token_of_ones_own_counts_until_it_is_revoked(own: Desk, look: Look) -> None:
    """GIVEN somebody signed in WHEN they make a narrowed token THEN it is shown once and counts; revoked, it doesn't."""
    seen = look(own, width=390)
    seen.sign_in("/settings/tokens")
    expect(seen.page.get_by_text("No tokens yet.")).to_be_visible()
    seen.page.get_by_role("button", name="New token").click()
    seen.page.get_by_label("Name", exact=True).fill("nightly")
    seen.page.get_by_label("Lasts").select_option("30")
    seen.page.get_by_label("And only this").fill("boats, get, *")
    seen.page.get_by_role("button", name="Make the token").click()
    expect(seen.page.locator("dialog [role=alert]")).to_contain_text("boats")
    seen.forgive("400")
    seen.accessible()
    seen.page.get_by_label("And only this").fill("applications, get, shop/*\nclusters, get, *")
    seen.page.get_by_role("button", name="Make the token").click()
    expect(seen.page.get_by_text("It is shown this once.")).to_be_visible()
    token = seen.page.locator("dialog .copyable code").inner_text()
    seen.fits()
    seen.page.get_by_role("button", name="I have it").click()
    assert token not in seen.page.content()
    expect(seen.page.get_by_role("table")).to_contain_text("applications, get, shop/*; clusters, get, *")
    assert 200 == status_with(own, token)
    seen.page.get_by_role("button", name="Revoke nightly").click()
    seen.page.get_by_role("button", name="Revoke the token").click()
    say(seen, "nightly is revoked")
    expect(seen.page.get_by_text("No tokens yet.")).to_be_visible()
    assert 401 == status_with(own, token)


def test_a_public_key_is_imported_and_removed(own: Desk, look: Look) -> None:
    """GIVEN a key of GnuPG WHEN half of it is pasted THEN that is refused; all of it is listed by owner, and removed."""
    with pen() as ada:
        fingerprint = ada.key("ada@example.com")
        armor = ada.public("ada@example.com")
    seen = look(own)
    seen.sign_in("/settings/keys")
    expect(seen.page.get_by_text("No keys yet.")).to_be_visible()
    seen.page.get_by_role("button", name="Import a key").click()
    button = seen.page.get_by_role("button", name="Import", exact=True)
    expect(button).to_be_disabled()
    seen.page.get_by_label("In ASCII armor").fill(armor[:200])
    button.click()
    expect(seen.page.locator("dialog [role=alert]")).to_contain_text("key")
    seen.forgive("400")
    seen.accessible()
    seen.page.get_by_label("In ASCII armor").fill(armor)
    button.click()
    say(seen, f"Imported: {fingerprint[-16:]}")
    row = seen.page.get_by_role("row").filter(has_text=fingerprint[-16:])
    expect(row).to_contain_text("ada@example.com")
    expect(row).to_contain_text("Valid")
    seen.accessible()
    row.get_by_role("button", name="Remove").click()
    seen.page.get_by_role("button", name="Remove the key").click()
    say(seen, f"{fingerprint[-16:]} is removed")
    expect(seen.page.get_by_text("No keys yet.")).to_be_visible()
    assert [] == tell_api(own, "GET", "gpgkeys")["items"]


def test_a_certificate_is_saved_as_the_api_gives_it(own: Desk, look: Look) -> None:
    """GIVEN no sealing key WHEN the first is made THEN its end is shown, and the file is what kubeseal is given."""
    seen = look(own)
    seen.sign_in("/settings/sealing")
    expect(seen.page.get_by_text("No sealing key yet")).to_be_visible()
    keys = SealingKeys(own.behind.table, SecretStore(own.behind.secrets), "m")
    assert keys.renew(time.time(), bits=2048) is not None
    given = seen.page.context.request.get(f"{own.url}/api/v1/namespaces/kube-system/services/sealed/proxy/v1/cert.pem")
    assert given.ok, given.text()
    seen.page.reload()
    expect(seen.page.get_by_text("Sealed with")).to_be_visible()
    expect(seen.page.get_by_text("Ends", exact=True)).to_be_visible()
    with seen.page.expect_download() as saving:
        seen.page.get_by_role("button", name="Download").click()
    assert saving.value.suggested_filename.endswith(".pem")
    assert given.text() == saving.value.path().read_text()
    seen.accessible()


def test_a_webhook_is_installed_only_where_somebody_may_be_asked(own: Desk, look: Look) -> None:
    """GIVEN a repository inside of the machine WHEN a hook is wanted THEN it is refused in words; the token is kept nowhere."""
    seen = look(own)
    seen.sign_in("/webhooks")
    seen.page.get_by_role("button", name="Install a webhook").click()
    seen.page.get_by_label("Repository", exact=True).fill("http://127.0.0.1:9/shop/deploy")
    listing = seen.page.get_by_role("button", name="Show its webhooks")
    expect(listing).to_be_disabled()
    seen.page.get_by_label("Access token of its host").fill("hush-hush")
    seen.page.get_by_role("dialog").get_by_label("Provider").select_option("gitea")
    alert = seen.page.locator("dialog [role=alert]")
    for button in (listing, seen.page.get_by_role("button", name="Install", exact=True)):
        button.click()
        expect(alert).to_contain_text("inside of this machine")
    expect(seen.page.get_by_label("Repository", exact=True)).to_have_value("http://127.0.0.1:9/shop/deploy")
    seen.accessible()
    seen.page.get_by_role("button", name="Close").last.click()
    seen.page.get_by_role("button", name="Install a webhook").click()
    expect(seen.page.get_by_label("Access token of its host")).to_have_value("")
    assert "hush-hush" not in seen.page.content()
    seen.forgive("400")
