"""Images that are kept up to date, and promotions."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from shapes.common import Asked, Metadata, Moment, Page, ShownMetadata


class ImageState(TypedDict):
    """How one image of an application stands."""

    application: str
    alias: str
    image: str
    current: str
    wanted: str
    status: Literal["UpToDate", "Updating", "Held", "Error"]
    message: str
    commit: str
    pullRequest: str
    since: str


class Images(TypedDict):
    """How images stand, a row for each."""

    metadata: Page
    items: list[ImageState]


class AskedPlan(TypedDict):
    """Where the answer will be: GET /api/v1/images/plan/ID."""

    plan: Asked


ImageUpdate = TypedDict(
    "ImageUpdate",
    {
        "application": str,
        "alias": str,
        "image": str,
        "from": str,
        "to": str,
        "why": str,
        "held": bool,
        "method": str,
        "repository": str,
        "branch": str,
        "path": str,
    },
)
ImageUpdate.__doc__ = "What would be written for one image."


class ImageNote(TypedDict):
    """Why nothing can be said of an image."""

    application: str
    alias: str
    image: str
    message: str


class ImagePlan(TypedDict):
    """What would be written; empty while nobody has looked."""

    updates: NotRequired[list[ImageUpdate]]
    notes: NotRequired[list[ImageNote]]
    current: NotRequired[int]
    requests: NotRequired[int]


class LookedAt(TypedDict):
    """The applications whose images are looked at."""

    applications: list[str]


class ImageUpdater(TypedDict):
    """Argo CD Image Updater's resource, as it is declared."""

    apiVersion: str
    kind: Literal["ImageUpdater"]
    metadata: Metadata
    spec: dict[str, Any]


class ShownImageUpdater(ImageUpdater):
    """An ImageUpdater, and what its author should know of its text."""

    status: dict[str, list[str]]


class ImageUpdaters(TypedDict):
    """The declared ImageUpdaters."""

    metadata: Page
    items: list[ShownImageUpdater]


class DeclaredImageUpdater(TypedDict):
    """An ImageUpdater as it was taken."""

    imageUpdater: ImageUpdater
    warnings: list[str]


class Promotion(TypedDict):
    """A promotion as it is declared (docs/promotion.md)."""

    apiVersion: str
    kind: Literal["Promotion"]
    metadata: Metadata
    spec: dict[str, Any]


class Verification(TypedDict):
    """How what was carried did where it landed."""

    outcome: str
    message: str
    changes: list[str]
    commit: str
    at: Moment
    pullRequest: NotRequired[str]


class Happening(TypedDict):
    """One thing that came of a promotion."""

    id: str
    at: Moment
    what: str
    message: NotRequired[str]
    url: NotRequired[str]
    carried: NotRequired[list[str]]
    origin: NotRequired[dict[str, Any]]


class PromotionStatus(TypedDict):
    """How a promotion stands."""

    phase: str
    message: str
    since: NotRequired[Moment]
    carried: NotRequired[dict[str, Any]]
    pullRequest: NotRequired[str]
    verification: NotRequired[Verification]
    warnings: NotRequired[list[str]]
    history: NotRequired[list[Happening]]


class ShownPromotion(TypedDict):
    """A promotion with its status."""

    apiVersion: str
    kind: str
    metadata: ShownMetadata
    spec: dict[str, Any]
    status: PromotionStatus


class Promotions(TypedDict):
    """The promotions by name."""

    metadata: Page
    items: list[ShownPromotion]


class DeclaredPromotion(TypedDict):
    """A promotion as it was taken."""

    promotion: Promotion
    warnings: list[str]
