"""A page walked from its top to its end with Tab alone, as whoever has no pointer goes through it.

What is found wrong is told in words: what can be pressed and is never reached; what is reached and doesn't show it; what
is reached and lies hidden. Parts of a whole that arrows go through (a menu, a grid, a graph) are one stop, as the ARIA
Authoring Practices Guide has it ("Developing a Keyboard Interface"), so long as that stop is reached.

Rules: WCAG 2.2, success criteria 2.1.1 (Keyboard), 2.1.2 (No Keyboard Trap), 2.4.7 (Focus Visible) and 2.4.11 (Focus Not
Obscured, Minimum).
"""

from __future__ import annotations

from playwright.sync_api import Page

__all__ = ["walk"]

_MOST = 400
_STOPS = "a[href], button, input, select, textarea"
_BEGIN = f"() => {{ window.walked = new Set(); document.querySelector('{_STOPS}').focus(); window.last = null }}"
# One step: remembers where the focus is; false where it was before, so that the round is over.
_STEP = """() => {
  const told = (each) => `${each.tagName.toLowerCase()} "${(each.ariaLabel ?? each.textContent ?? '').trim().slice(0, 40)}"`;
  const at = document.activeElement;
  if (at === null || at === document.body) return {over: window.walked.size > 0, wrong: ''};
  if (window.walked.has(at)) return {over: at !== window.last, wrong: ''}; // a date has several stops of its own
  window.last = at;
  window.walked.add(at);
  const marked = (each) => [undefined, '::before', '::after'].some((part) => {
    const style = getComputedStyle(each, part);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  });
  let seen = false;
  for (let each = at, up = 0; each && up < 4; each = each.parentElement, up += 1) seen ||= marked(each);
  for (const each of at.querySelectorAll('*')) seen ||= marked(each);
  if (!seen) return {over: false, wrong: `${told(at)} does not show that it has the focus`};
  const box = at.getBoundingClientRect();
  const points = [[0.5, 0.5], [0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]].map(([across, down]) =>
    document.elementFromPoint(box.left + box.width * across, box.top + box.height * down));
  // What somebody opened may lie above it, so long as Escape closes that from anywhere, as it does.
  const shown = points.some((each) => each !== null
    && (at.contains(each) || each.contains(at) || (each.closest('aside') !== null && at.closest('aside') === null)));
  return {over: false, wrong: shown ? '' : `${told(at)} lies hidden while it has the focus`};
}"""
_LEFT = """() => {
  const wholes = '[role=menu],[role=grid],[role=treegrid],[role=tree],[role=listbox],[role=tablist],[role=toolbar],'
    + '[role=radiogroup],[role=group],[role=list],[role=table]';
  const reached = [...window.walked];
  const left = [];
  for (const each of document.querySelectorAll('a[href],button,input,select,textarea,summary,[tabindex]')) {
    if (window.walked.has(each) || each.disabled || each.closest('[inert],[aria-hidden=true]')) continue;
    if (!each.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    if (each.type === 'radio' && reached.some((other) => other.name === each.name)) continue;
    if (!each.matches('a[href],button,input,select,textarea,summary') && each.tabIndex < 0) continue;
    const whole = each.closest(wholes);
    if (each.tabIndex < 0 && whole !== null && reached.some((other) => whole.contains(other))) continue;
    left.push(`${each.tagName.toLowerCase()} "${(each.ariaLabel ?? each.textContent ?? '').trim().slice(0, 40)}" is never reached`);
  }
  return left;
}"""


def walk(page: Page) -> list[str]:
    """Goes once around a page with Tab; what is wrong with it, in words."""
    _settle(page)
    page.evaluate(_BEGIN)
    wrong: list[str] = []
    for _ in range(_MOST):
        told = page.evaluate(_STEP)
        page.keyboard.press("Tab")
        if told["wrong"]:
            wrong.append(told["wrong"])
        if told["over"]:
            return wrong + list(page.evaluate(_LEFT))
    return [*wrong, f"after {_MOST} stops the walk is not over"]


def _settle(page: Page) -> None:
    """Waits until nothing more comes that can be pressed."""
    count, before = page.locator(_STOPS).count(), -1
    while count != before:
        page.wait_for_timeout(300)
        count, before = page.locator(_STOPS).count(), count
