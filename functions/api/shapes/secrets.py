"""How the secrets of an application are; never a value."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from shapes.common import Moment


class MadeSecret(TypedDict):
    """A Secret of the cluster; `merged` where only some keys of it are added."""

    namespace: str
    name: str
    merged: bool


class StoreOfSecret(TypedDict):
    """A store that is read or written; `provider` is empty where the store is not among the manifests."""

    kind: str
    name: str
    provider: str
    region: str


class RemoteName(TypedDict):
    """What is read or written elsewhere, by name: a key, all that are found, or what a generator makes."""

    key: NotRequired[str]
    property: NotRequired[str]
    version: NotRequired[str]
    find: NotRequired[str]
    generator: NotRequired[str]


class ChangedSecret(TypedDict):
    """The newest operation that changed it."""

    at: Moment
    operation: str


class SecretState(TypedDict):
    """One source of Secrets, or a Secret that came out of a render (`source` is `render`), without any value.

    `hidden` is one whose manifest may hold values of SOPS files: no names of it are told. `keys` are names of the
    Secret's keys where they are declared, `pushed` what stands elsewhere because of it.
    """

    group: str
    kind: str
    namespace: str
    name: str
    source: Literal["SealedSecret", "ExternalSecret", "PushSecret", "render"]
    state: Literal["opened", "pushed", "applied", "differs", "failing", "never", "in-cluster"]
    message: str
    secrets: list[MadeSecret]
    keys: list[str]
    remote: list[RemoteName]
    stores: list[StoreOfSecret]
    changed: ChangedSecret | None
    refreshInterval: NotRequired[str]
    pushed: NotRequired[list[str]]
    hidden: NotRequired[bool]


class SealingNow(TypedDict):
    """The certificate that seals now; older keys open as well."""

    fingerprint: str
    since: Moment
    until: Moment


class SecretsOfApplication(TypedDict):
    """Failing ones first. `nextRefresh` is when values are read again by themselves; null for never."""

    items: list[SecretState]
    nextRefresh: Moment | None
    sealing: SealingNow | None
