"""Hands that a page is worked with: a pointer, keys alone, or a thumb on a telephone.

Keys alone means Tab, arrows, Space, Enter and Escape, as whoever has no pointer presses them: what Tab doesn't reach can't
be pressed, and a page that keeps the focus somewhere fails the test. A thumb taps only what lies in the window as a
whole, in a page that is not wider than that; how large it is is for axe to say (WCAG 2.2, 2.5.8 "Target Size").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from playwright.sync_api import expect

from tests.doubles.browsing import Seen

if TYPE_CHECKING:
    from playwright.sync_api import Locator

__all__ = ["DONE", "HANDS", "WIDTHS", "How", "Hands", "button", "enter", "said"]

How: TypeAlias = Literal["pointer", "keys", "thumb"]
HANDS: tuple[How, ...] = ("pointer", "keys", "thumb")
WIDTHS: dict[How, int] = {"pointer": 1280, "keys": 1280, "thumb": 390}
DONE = 60_000  # milliseconds that a stack has for what it was asked; a machine may be busy
_STOPS = 150  # no page has so many stops of Tab before what a test is about
_HERE = "(each) => each === document.activeElement"


class Hands:
    """One person at a page."""

    def __init__(self, seen: Seen, how: How) -> None:
        self.seen = seen
        self.how = how

    def press(self, target: Locator) -> None:
        """Presses a button, or follows a link."""
        if self.how == "keys":
            self.reach(target)
            self.seen.page.keyboard.press("Enter")
        else:
            self._touch(target)

    def tick(self, target: Locator) -> None:
        """Checks a box that is not, or the other way round; or chooses one of several."""
        if self.how != "keys":
            self._touch(target)
        elif target.get_attribute("type") == "radio":
            # One of a group is a stop of Tab: that which is chosen. Arrows choose another.
            group = self.seen.page.locator(f"input[type=radio][name='{target.get_attribute('name')}']")
            self.reach(group.and_(self.seen.page.locator(":checked")))
            for _ in range(group.count()):
                if target.is_checked():
                    break
                self.seen.page.keyboard.press("ArrowDown")
            expect(target).to_be_checked()
        else:
            self.reach(target)
            self.seen.page.keyboard.press("Space")

    def write(self, target: Locator, text: str) -> None:
        """Writes into a field, in the place of what is there."""
        if self.how == "keys":
            self.reach(target)
            self.seen.page.keyboard.press("ControlOrMeta+a")
        else:
            self._touch(target)
            target.clear()
        self.seen.page.keyboard.insert_text(text)

    def pick(self, target: Locator, option: str) -> None:
        """Picks an option of a list that the browser itself opens."""
        if self.how == "keys":
            self.reach(target)
            self.seen.page.keyboard.type(option)
        else:
            self._touch(target)
            target.select_option(option)
        expect(target.locator("option:checked")).to_have_text(option)

    def choose(self, menu: Locator, entry: str) -> None:
        """Opens a menu and chooses what begins with these words."""
        item = self.seen.page.get_by_role("menuitem", name=entry).or_(
            self.seen.page.get_by_role("menuitemcheckbox", name=entry)
        )
        self.press(menu)
        expect(item.first).to_be_visible()
        expect(item.first).not_to_have_attribute("aria-disabled", "true")  # until it is known that it makes sense now
        if self.how != "keys":
            self._touch(item.first)
            return
        for _ in range(_STOPS):
            if item.first.evaluate(_HERE):
                self.seen.page.keyboard.press("Enter")
                return
            self.seen.page.keyboard.press("ArrowDown")
        raise AssertionError(f"arrows don't reach {entry} in its menu")

    def reach(self, target: Locator) -> None:
        """Goes on with Tab until the focus is there."""
        expect(target).to_be_visible()
        expect(target).to_be_enabled()
        for _ in range(_STOPS):
            if target.evaluate(_HERE):
                return
            self.seen.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {target}")

    def _touch(self, target: Locator) -> None:
        if self.how == "pointer":
            target.click()
            return
        expect(target).to_be_visible()
        target.scroll_into_view_if_needed()
        self.seen.fits()
        box, window = target.bounding_box(), self.seen.page.viewport_size
        assert box is not None and window is not None
        assert 0 <= box["x"] and box["x"] + box["width"] <= window["width"] + 1, (str(target), box)
        target.tap()


def enter(hands: Hands, path: str) -> None:
    """Arrives at an address, and waits until the page shows what it asked for."""
    hands.seen.sign_in(path)
    expect(hands.seen.page.locator("main h1").first).to_be_visible(timeout=DONE)
    expect(hands.seen.page.locator(".bone")).to_have_count(0, timeout=DONE)


def button(hands: Hands, name: str, inside: Locator | None = None) -> Locator:
    """The button of exactly this name."""
    return (inside or hands.seen.page).get_by_role("button", name=name, exact=True)


def said(hands: Hands, words: str) -> None:
    """A toast says so."""
    expect(hands.seen.page.locator(".toasts").filter(has_text=words)).to_be_visible(timeout=DONE)
