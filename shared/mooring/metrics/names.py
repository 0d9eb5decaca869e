"""Every fact that is told, with its metrics: the one place that names them (docs/metrics.md is held to it by a test).

Dimensions are few on purpose: CloudWatch bills each combination that occurs as a metric of its own. So applications,
people and addresses are fields of the line, which Logs Insights finds, and never dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = [
    "API_REQUEST",
    "DELIVERY",
    "DRIFT_FOUND",
    "FACTS",
    "IMAGES_LOOKED",
    "LOOK",
    "NAMESPACE",
    "NOTE",
    "PAGES_TOLD",
    "PROMOTION",
    "RECORD_ALTERED",
    "RENDER",
    "SYNC_BEGUN",
    "SYNC_ENDED",
    "WATCH_ENDED",
    "Fact",
    "Metric",
]

NAMESPACE: Final = "Mooring"
Unit = Literal["Count", "Seconds"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its name in CloudWatch, its unit, and what it says."""

    name: str
    unit: Unit
    says: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happens, as `message` of its line; every metric has all `dimensions`, and `stack` before them."""

    message: str
    function: str
    dimensions: tuple[str, ...]
    metrics: tuple[Metric, ...]

    @property
    def all_dimensions(self) -> tuple[str, ...]:
        """The names of the dimensions, in order."""
        return ("stack", *self.dimensions)


DELIVERY: Final = Fact(
    "delivery",
    "webhook",
    ("outcome",),
    (
        Metric("Deliveries", "Count", "Deliveries of forges and registries"),
        Metric("DeliverySeconds", "Seconds", "How long one took to be answered"),
    ),
)
RENDER: Final = Fact(
    "render",
    "render",
    ("project", "outcome"),
    (
        Metric("Renders", "Count", "Looks at what git wants of an application, where it has moved"),
        Metric("RenderSeconds", "Seconds", "How long building the objects took, where they were built"),
    ),
)
SYNC_BEGUN: Final = Fact(
    "sync begun", "sync", ("cluster", "project"), (Metric("SyncsBegun", "Count", "Operations that were begun"),)
)
SYNC_ENDED: Final = Fact(
    "sync ended",
    "sync",
    ("cluster", "project"),
    (
        Metric("SyncsSucceeded", "Count", "Operations that succeeded"),
        Metric("SyncsFailed", "Count", "Operations that failed, each try for itself"),
        Metric("SyncRetries", "Count", "Operations that tried again what had failed"),
        Metric("SyncSeconds", "Seconds", "From the beginning of an operation to its end, with all its waiting"),
        Metric("CommitToSyncedSeconds", "Seconds", "From the commit to the end of its first sync that succeeded"),
        Metric("PushToSyncedSeconds", "Seconds", "From the look at git that a push caused to the same end"),
        Metric("ObjectsApplied", "Count", "Objects that were written"),
        Metric("ObjectsPruned", "Count", "Objects that were deleted"),
        Metric("ObjectsFailed", "Count", "Objects that could not be written or deleted"),
        Metric("ClusterRequests", "Count", "Requests to the API server"),
        Metric(
            "ClusterAnswerSeconds", "Seconds", "How long the API server took for one of them, on average at the end"
        ),
        Metric("DriftReverted", "Count", "Objects that were put back"),
        Metric("Fights", "Count", "Objects that somebody changes again and again"),
    ),
)
DRIFT_FOUND: Final = Fact(
    "drift found",
    "sync",
    ("cluster", "project"),
    (Metric("DriftFound", "Count", "Changes beside git that were put on record"),),
)
IMAGES_LOOKED: Final = Fact(
    "images",
    "images",
    ("outcome",),
    (
        Metric("ImagesFound", "Count", "Newer images that were found"),
        Metric("ImagesWritten", "Count", "Applications for which newer images were written"),
    ),
)
PROMOTION: Final = Fact(
    "promotion",
    "render",
    ("outcome",),
    (Metric("Promotions", "Count", "Steps of promotions: proposed, merged, verified, failed …"),),
)
NOTE: Final = Fact(
    "note",
    "notify",
    ("to", "outcome"),
    (
        Metric("Notes", "Count", "Messages to people and services: sent, skipped, retried, given up"),
        Metric("NoteSeconds", "Seconds", "How long the service took"),
    ),
)
API_REQUEST: Final = Fact(
    "request",
    "api",
    ("outcome",),
    (
        Metric("Requests", "Count", "Requests to the API, by the class of their status (2xx, 4xx …)"),
        Metric("RequestSeconds", "Seconds", "How long one took inside the function"),
    ),
)
PAGES_TOLD: Final = Fact(
    "pages told",
    "live",
    (),
    (
        Metric("PageMessages", "Count", "Open pages that were told of changes"),
        Metric("PagesClosed", "Count", "Connections of pages that ended"),
    ),
)
LOOK: Final = Fact(
    "look",
    "look",
    ("ask", "outcome"),
    (
        Metric("Looks", "Count", "Looks at a cluster for somebody who waits"),
        Metric("LookSeconds", "Seconds", "How long one took"),
    ),
)
WATCH_ENDED: Final = Fact(
    "watch ended", "watch", ("cluster",), (Metric("WatchEnds", "Count", "Watchers that ended, most for a successor"),)
)
RECORD_ALTERED: Final = Fact(
    "record altered",
    "notify",
    (),
    (),  # its alarm counts lines, so that it is there without metrics too
)

FACTS: Final = (
    DELIVERY,
    RENDER,
    SYNC_BEGUN,
    SYNC_ENDED,
    DRIFT_FOUND,
    IMAGES_LOOKED,
    PROMOTION,
    NOTE,
    API_REQUEST,
    PAGES_TOLD,
    LOOK,
    WATCH_ENDED,
    RECORD_ALTERED,
)
