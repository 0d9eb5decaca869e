"""How many refusals, and deliveries that only the settings let in, a source has left.

Everything is verified first, so nobody can keep out those who have the secret, not even from the same address (all
customers of a forge send from the same few). What a stranger could use up is what a refusal costs: a line in the log
and a write. Each source has a small allowance of those; beyond it the answer is 429 and nothing is written. Where the
settings believe a provider without a secret, its deliveries draw on the same allowance. Allowances live in the memory
of one instance and die with it, so they cost nothing at rest, and bound the total by the instances that run; what
bounds those is the throttle of the route in template.yaml (ADR 0090).
"""

from __future__ import annotations

from collections import OrderedDict

__all__ = ["Allowances"]

_BURST = 30.0
_EVERY = 2.0  # seconds for one more
_SOURCES = 1000  # remembered at most


class Allowances:
    """What is left for each source."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, source: str, now: float) -> bool:
        """Whether one more refusal of this source is within its allowance; `now` is in seconds."""
        left, at = self._left.pop(source, (_BURST, now))
        left = min(_BURST, left + max(0.0, now - at) / _EVERY)
        granted = left >= 1.0
        self._left[source] = (left - 1.0 if granted else left, now)
        if len(self._left) > _SOURCES:
            self._left.popitem(last=False)
        return granted
