"""What people are told of images that were written: once for each commit or pull request that is new to an application.

It goes on record together with what is remembered of the application's images (`state.images`): a look that is done
again because of a crash finds it remembered, and tells nobody a second time. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mooring.flows.images.edits import version_of
from mooring.flows.images.writing import Result
from mooring.images.planning import Update
from mooring.state.images import ImagesState

__all__ = ["news_of"]

_MOST = 20  # lines


def news_of(
    before: ImagesState, after: ImagesState, updates: Sequence[Update], result: Result | None
) -> Mapping[str, str]:
    """The facts of the happening `image-updated`; empty where nothing was written that wasn't before."""
    if result is None or result.error is not None:
        return {}
    request = result.request
    if request is not None and request.state != "open":
        return {}
    written = [each for each in updates if _is_new(before, after, each)]
    if not written:
        return {}
    lines = [
        f"{each.image.text}: {each.old_tag or each.old_digest or 'nothing'} → {version_of(each)}" for each in written
    ]
    more = [f"and {len(lines) - _MOST} more"] if len(lines) > _MOST else []
    name = written[0].app.name
    first = f"{written[0].image.text}:{version_of(written[0])}"
    what = first if len(written) == 1 else f"{len(written)} images"
    title = f"{name} is to run {what}" if request is None else f"A pull request has {name} run {what}"
    facts = {"title": title, "text": "\n".join([*lines[:_MOST], *more]), "commit": result.commit}
    if request is not None and request.web.startswith("https://"):
        facts["url"] = request.web
    return facts


def _is_new(before: ImagesState, after: ImagesState, update: Update) -> bool:
    old, new = before.row(update.alias), after.row(update.alias)
    if new is None or new.held or new.error:
        return False
    there = before.request
    if after.request is not None and (there is None or (there.number, there.state) != (after.request.number, "open")):
        return True
    if old is None or old.held or old.error or old.wanted != new.wanted:
        return True
    return new.reached == version_of(update) != old.reached
