"""What lists show of applications, added to items that an older version of Mooring wrote.

An update of Mooring writes nothing anew, so a table from before lists had an index holds items without their facts
(`state.summaries`). A sweep reads the list of all applications anyway, and this says of each whether it is one of
those; a sweep that finds none does nothing more. The others are done a few hundred a sweep.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Final

from mooring.state.applications import Applications
from mooring.state.lists import Listed

__all__ = ["summarise_old"]

_AT_ONCE: Final = 500  # applications in one sweep: three items of each are read, and written without being replaced
_GROUP: Final = 33  # applications whose items are read together: a hundred items


def summarise_old(applications: Applications, listed: Sequence[Listed], pool: Executor) -> None:
    """Adds what lists show to the items of applications that `listed` says have none of it.

    What somebody writes meanwhile has its facts already and is left alone; what fails is done by the next sweep.
    """
    old = [each.key for each in listed if not each.summarised][:_AT_ONCE]
    groups = [old[start : start + _GROUP] for start in range(0, len(old), _GROUP)]
    for _ in pool.map(applications.unsummarised.complete, groups):
        pass
