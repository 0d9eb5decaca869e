"""Writing to AWS Secrets Manager what PushSecrets say: only where it differs, and only to what is given over to that.

A secret that is there is written, or deleted, only when it has the tag that the External Secrets Operator gives to its
own (`managed-by: external-secrets`). A second tag names the application that pushed last: none deletes what another has
taken over. Versions get ids that follow from what is written and what was there before, so a request that is made twice
makes one version. No error tells a value. Source: external-secrets.io, "AWS Secrets Manager"; AWS, "PutSecretValue",
"DeleteSecret".
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from mooring.errors import ConfigurationError, ForbiddenError
from mooring.model.pushsecret import PushMetadata
from mooring.secrets.external.awsaccess import call
from mooring.secrets.external.jsonpaths import find_property, with_property
from mooring.secrets.external.provider import AbsentError

__all__ = ["APP_TAG", "PROJECT_TAG", "Part", "PushStore", "Remote"]

_T = TypeVar("_T")

APP_TAG = "mooring.dev/app"
PROJECT_TAG = "mooring.dev/project"
_MANAGED = ("managed-by", "external-secrets")
_HINT = (
    "allow secretsmanager:DescribeSecret, GetSecretValue, CreateSecret, PutSecretValue, TagResource, RestoreSecret and "
    "DeleteSecret to the role in spec.provider.aws.role"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A value for a whole secret, or for a property of its JSON; one that does not replace leaves what is there."""

    property: str
    value: bytes = field(repr=False)
    replaces: bool = True


@dataclass(frozen=True, slots=True)
class Remote:
    """A secret as it is: `value` is None where it has none (or is `deleted`, and may yet be restored)."""

    value: bytes | None = field(repr=False)
    text: bool
    tags: Mapping[str, str]
    deleted: bool
    version: str

    @property
    def managed(self) -> bool:
        """Whether it was given over to PushSecrets."""
        return self.tags.get(_MANAGED[0]) == _MANAGED[1]


class PushStore:
    """The secrets of one region, as one role, for one project; `keyed` makes digests of bytes that are secret."""

    def __init__(self, client: Callable[[], Any], keyed: Callable[[bytes], str], project: str) -> None:
        self._client = client
        self._keyed = keyed
        self._project = project

    def look(self, name: str) -> Remote | None:
        """A secret, None where there is none. Raises `MooringError`."""
        try:
            told = self._ask(name, lambda client: partial(client.describe_secret, SecretId=name))
        except AbsentError:
            return None
        tags = {tag["Key"]: tag["Value"] for tag in told.get("Tags") or []}
        if told.get("DeletedDate") is not None:
            return Remote(None, False, tags, True, "")
        try:
            found = self._ask(name, lambda client: partial(client.get_secret_value, SecretId=name))
        except AbsentError:
            return Remote(None, False, tags, False, "")
        text = found.get("SecretString")
        value = bytes(found.get("SecretBinary") or b"") if text is None else text.encode()
        return Remote(value, text is not None, tags, False, found.get("VersionId", ""))

    def differs(self, name: str, parts: list[Part], metadata: PushMetadata, app: str) -> bool:
        """Whether a push would change anything. Raises `MooringError`, also where it may not be."""
        return self._change(name, parts, metadata, app, self.look(name)) is not None

    def push(self, name: str, parts: list[Part], metadata: PushMetadata, app: str) -> None:
        """Makes the secret what it should be. Doing it twice is doing it once. Raises `MooringError`."""
        there = self.look(name)
        change = self._change(name, parts, metadata, app, there)
        if change is None:
            return
        value, tags = change
        if there is None:
            options = {"KmsKeyId": metadata.key, "Description": metadata.description}
            request = self._content(name, value or b"", "", metadata.text) | {
                "Name": name,
                "Tags": [{"Key": key, "Value": text} for key, text in tags.items()],
                **{option: given for option, given in options.items() if given},
            }
            self._ask(name, lambda client: partial(client.create_secret, **request), writes=True)
            return
        if there.deleted:
            self._ask(name, lambda client: partial(client.restore_secret, SecretId=name), writes=True)
            self.push(name, parts, metadata, app)
            return
        if value is not None:
            self._put(name, value, there, text=metadata.text)
        if tags:
            listed = [{"Key": key, "Value": text} for key, text in tags.items()]
            self._ask(name, lambda client: partial(client.tag_resource, SecretId=name, Tags=listed), writes=True)

    def remove(self, name: str, property_: str, app: str, recovery: int) -> None:
        """Deletes a secret, or a property of it, that this application pushed; leaves whatever else is there.

        `recovery` are the days in which it can be restored. Raises `MooringError`.
        """
        there = self.look(name)
        if there is None or there.deleted or not there.managed or there.tags.get(APP_TAG) != app:
            return
        if property_:
            text = "" if there.value is None else _text_of(name, there.value)
            if find_property(text, property_) is None:
                return
            left = with_property(text, property_, None)
            if left != "{}":
                self._put(name, left.encode(), there, text=there.text)
                return
        how: dict[str, Any] = {"RecoveryWindowInDays": recovery} if recovery else {"ForceDeleteWithoutRecovery": True}
        self._ask(name, lambda client: partial(client.delete_secret, SecretId=name, **how), writes=True)

    def _change(
        self, name: str, parts: list[Part], metadata: PushMetadata, app: str, there: Remote | None
    ) -> tuple[bytes | None, dict[str, str]] | None:
        """The value to be written (None for none) and the tags to be set; None where nothing is to be done."""
        known = None if there is None else there.value
        due = [part for part in parts if part.replaces or (there is None or there.deleted) or not _has(known, part)]
        if not due:
            return None
        if there is not None and not there.managed:
            raise ForbiddenError(
                f"the secret {name!r} is there already and was not pushed: give it the tag managed-by: "
                "external-secrets to have it overwritten, or push to another name"
            )
        whose = self._project if there is None else there.tags.get(PROJECT_TAG, self._project)
        if whose != self._project:
            raise ForbiddenError(
                f"the secret {name!r} was pushed for the project {whose!r}: remove its tag {PROJECT_TAG} to have it "
                "overwritten, or push to another name"
            )
        tags = {_MANAGED[0]: _MANAGED[1], APP_TAG: app, PROJECT_TAG: self._project, **metadata.tags}
        if there is None or there.deleted:
            return _wanted(name, None, due), tags
        value = _wanted(name, known, due)
        missing = {key: text for key, text in tags.items() if there.tags.get(key) != text}
        if value == known and not missing:
            return None
        return (None if value == known else value), missing

    def _put(self, name: str, value: bytes, there: Remote, *, text: bool) -> None:
        request = self._content(name, value, there.version, text) | {"SecretId": name}
        self._ask(name, lambda client: partial(client.put_secret_value, **request), writes=True)

    def _content(self, name: str, value: bytes, before: str, text: bool) -> dict[str, Any]:
        token = str(uuid.UUID(self._keyed(b"\n".join((name.encode(), before.encode(), value)))[:32]))
        if not text:
            return {"ClientRequestToken": token, "SecretBinary": value}
        return {"ClientRequestToken": token, "SecretString": _text_of(name, value)}

    def _ask(self, name: str, request: Callable[[Any], Callable[[], _T]], *, writes: bool = False) -> _T:
        return call(f"the secret {name!r}", _HINT, request(self._client()), writes=writes)


def _has(value: bytes | None, part: Part) -> bool:
    if value is None or not part.property:
        return value is not None
    try:
        return find_property(value.decode(), part.property) is not None
    except UnicodeDecodeError:
        return False


def _wanted(name: str, known: bytes | None, parts: list[Part]) -> bytes:
    value = known or b""
    for part in parts:
        if not part.property:
            value = part.value
            continue
        given = _text_of(name, part.value)
        if find_property(_text_of(name, value), part.property) != given:
            value = with_property(_text_of(name, value), part.property, given).encode()
    return value


def _text_of(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"what goes to {name!r} must be text (UTF-8) for a property, for the whole Secret and for "
            "secretPushFormat string"
        ) from None
