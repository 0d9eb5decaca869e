"""Who did what to which object, and when: what is left of an audit event once everything else is thrown away.

A deed names the resource (`deployments`) and not the kind, because that is all an audit event says. So a deed and an
object are the same thing's where group, namespace and name agree and the resource *may* be the plural of the kind: that
is judged generously (`is_plural_of`), since two kinds of one group whose objects share a namespace, a name and almost a
plural don't occur.

Nothing of the request's or the answer's body is kept but the paths of fields that a patch named, and not even those of
a Secret. All text comes from whoever sent the request (a user agent can say anything), so it is cut to a length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from mooring.model.objects import ObjectKey

__all__ = ["NO_IAM", "Deed", "Iam", "Identity", "ObjectName", "is_plural_of"]


@dataclass(frozen=True, slots=True)
class ObjectName:
    """What an audit event says of an object: `name` is empty where a whole collection was meant."""

    group: str
    resource: str
    namespace: str
    name: str

    def is_of(self, key: ObjectKey) -> bool:
        """Whether this is the object's name, as far as a plural tells."""
        same = (self.group, self.namespace, self.name) == (key.group, key.namespace, key.name)
        return same and is_plural_of(self.resource, key.kind)


@dataclass(frozen=True, slots=True)
class Iam:
    """The AWS identity behind a user of an EKS cluster; every field may be empty.

    `session` was chosen freely by whoever assumed the role: it says what the person called itself, and proves nothing
    (AWS, "Methods to assume a role": RoleSessionName). `access_key` and `principal` can be looked up in CloudTrail.
    """

    arn: str = ""
    canonical_arn: str = ""
    session: str = ""
    access_key: str = ""
    principal: str = ""

    def to_json(self) -> dict[str, str]:
        """The fields that are set."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in named.items() if value}


NO_IAM = Iam()


@dataclass(frozen=True, slots=True)
class Identity:
    """A user as the API server knew it."""

    user: str
    groups: tuple[str, ...] = ()
    iam: Iam = NO_IAM

    def to_json(self) -> dict[str, Any]:
        """What is known."""
        shown: dict[str, Any] = {"user": self.user}
        if self.groups:
            shown["groups"] = list(self.groups)
        if iam := self.iam.to_json():
            shown["iam"] = iam
        return shown

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Identity:
        """The inverse of `to_json`."""
        return cls(value["user"], tuple(value.get("groups", ())), Iam(**value.get("iam", {})))


@dataclass(frozen=True, slots=True)
class Deed:
    """One request that changed an object, and who made it.

    `at` is when it was done (RFC 3339, UTC, microseconds; it sorts), `who` the user that proved itself, `as_whom` the
    one it impersonated. `manager` is the field manager that the request named, `selector` what a deletecollection
    selected by. `resource_version` and `uid` are there where the policy's level or the request brought them, `fields`
    where it brought a patch. With `claims_mooring` somebody else's request gave itself Mooring's user agent.
    """

    id: str
    at: str
    verb: str
    object: ObjectName
    who: Identity
    subresource: str = ""
    as_whom: Identity | None = None
    agent: str = ""
    addresses: tuple[str, ...] = ()
    code: int = 0
    manager: str = ""
    selector: str = ""
    resource_version: str = ""
    uid: str = ""
    fields: tuple[str, ...] = ()
    claims_mooring: bool = False

    @property
    def person(self) -> str:
        """The user that logged in, and as whom it acted."""
        return self.who.user if self.as_whom is None else f"{self.who.user} as {self.as_whom.user}"

    def to_json(self) -> dict[str, Any]:
        """What is kept, without what is empty."""
        name = self.object
        shown: dict[str, Any] = {
            "id": self.id,
            "at": self.at,
            "verb": self.verb,
            "object": [name.group, name.resource, name.namespace, name.name],
            "who": self.who.to_json(),
        }
        more = {
            "subresource": self.subresource,
            "as": None if self.as_whom is None else self.as_whom.to_json(),
            "agent": self.agent,
            "addresses": list(self.addresses),
            "code": self.code,
            "manager": self.manager,
            "selector": self.selector,
            "resourceVersion": self.resource_version,
            "uid": self.uid,
            "fields": list(self.fields),
            "claimsMooring": self.claims_mooring,
        }
        return shown | {key: value for key, value in more.items() if value}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Deed:
        """The inverse of `to_json`."""
        return cls(
            value["id"],
            value["at"],
            value["verb"],
            ObjectName(*value["object"]),
            Identity.from_json(value["who"]),
            value.get("subresource", ""),
            Identity.from_json(value["as"]) if "as" in value else None,
            value.get("agent", ""),
            tuple(value.get("addresses", ())),
            value.get("code", 0),
            value.get("manager", ""),
            value.get("selector", ""),
            value.get("resourceVersion", ""),
            value.get("uid", ""),
            tuple(value.get("fields", ())),
            value.get("claimsMooring", False),
        )


def is_plural_of(resource: str, kind: str) -> bool:
    """Whether `resource` may be what the API calls a collection of `kind`.

    By the rules of English that kinds follow (`ingresses`, `policies`, `gateways`, `endpoints`), or, for those that
    follow none, by a long common beginning. Hyphens don't count (`network-attachment-definitions`).
    """
    plural, singular = resource.replace("-", ""), kind.lower()
    if plural in (singular, f"{singular}s", f"{singular}es", f"{singular[:-1]}ies"):
        return True
    regular = plural.endswith(("s", "i", "a", "data"))
    stem = max(3, len(singular) - 2)
    return regular and len(plural) <= len(singular) + 3 and plural[:stem] == singular[:stem]
