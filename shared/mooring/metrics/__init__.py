"""What Mooring does, told as it happens: one line of the log is a fact, its metrics, and a piece of a trace.

A fact names what happened to whom and because of what, so that a line is enough to follow a push from the forge to the
cluster; CloudWatch reads metrics out of the same line (`lines`), and where X-Ray traces it is a subsegment as well
(`traces`). Nothing is gathered between lines, so nothing is lost with an instance, and an idle sweep tells nothing.
"""

from __future__ import annotations

from mooring.metrics.lines import tell
from mooring.metrics.names import FACTS, Fact, Metric

__all__ = ["FACTS", "Fact", "Metric", "tell"]
