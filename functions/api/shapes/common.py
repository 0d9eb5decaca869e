"""What many answers share."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

Moment = str
"""A time as 2026-03-01T02:00:00Z."""


class Nothing(TypedDict):
    """An empty object: it is done, or asked for."""


class Health(TypedDict):
    """That the API answers, and which version."""

    status: Literal["ok"]
    version: str


class Document(TypedDict):
    """An OpenAPI document."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]


class Problem(TypedDict):
    """What is wrong (RFC 9457); `detail` says what to do, `field` which parameter, header or field of the body."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None


class Warnings(TypedDict):
    """What the reader should know of the text that was taken."""

    warnings: list[str]


Page = TypedDict("Page", {"continue": NotRequired[str], "remainingItemCount": NotRequired[int]})
Page.__doc__ = "Where a list goes on: ask again with `continue`; without it the list is at its end."


class NameOnly(TypedDict):
    """What names a document that belongs to no namespace."""

    name: str


class Metadata(TypedDict):
    """What names a declared document."""

    name: str
    namespace: NotRequired[str]
    labels: NotRequired[dict[str, str] | None]
    annotations: NotRequired[dict[str, str] | None]
    finalizers: NotRequired[list[str] | None]


class OwnerReference(TypedDict):
    """The ApplicationSet that an application comes from."""

    apiVersion: str
    kind: str
    name: str
    controller: bool


class ShownMetadata(Metadata):
    """What names a document that is kept; `generation` counts its changes."""

    generation: int
    deletionTimestamp: NotRequired[Moment]
    ownerReferences: NotRequired[list[OwnerReference]]


class ConfigMap(TypedDict):
    """A ConfigMap, or what it holds."""

    apiVersion: NotRequired[str]
    kind: NotRequired[Literal["ConfigMap"]]
    metadata: NotRequired[dict[str, Any]]
    data: NotRequired[dict[str, str]]
    status: NotRequired[dict[str, Any]]


class Secret(TypedDict):
    """A Secret as Argo CD's declarative setup has it."""

    apiVersion: NotRequired[str]
    kind: Literal["Secret"]
    metadata: dict[str, Any]
    data: NotRequired[dict[str, str] | None]
    stringData: NotRequired[dict[str, str] | None]


class Asked(TypedDict):
    """The id under which an answer will be."""

    id: str
