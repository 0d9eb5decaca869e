"""Going back: what somebody took out of git again isn't put there a second time.

A revert, or an edit by hand, says that an image must not run the tag that it was brought to. So a tag that was reached
once, by us or by anybody, and is no longer what git says, is left alone until the registry has another one that comes
first, or somebody asks for it. Image Updater writes it again two minutes later. Pure.
"""

from __future__ import annotations

from mooring.flows.images.edits import version_of
from mooring.images.planning import Update
from mooring.state.images import ImagesState

__all__ = ["taken_back"]


def taken_back(update: Update, state: ImagesState, rendered_at: float) -> bool:
    """Whether the application was at this tag before, and git has been read since (`rendered_at`) and says otherwise.

    Before that, our own commit may just not have been rendered. Times are in seconds since the epoch.
    """
    row = state.row(update.alias)
    return row is not None and row.reached == version_of(update) and rendered_at > row.reached_at
