"""What AWS tells about its own secrets: which one was changed, and whether there is one more or one less.

Secrets Manager tells through CloudTrail, by API call ("AWS API Call via CloudTrail") and for rotations as a service
event ("AWS Service Event via CloudTrail"); Parameter Store tells by itself ("Parameter Store Change"). An event says
which secret, never a value. Source: AWS, "Match events from Secrets Manager with Amazon EventBridge", "Parameter Store
events".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["SecretChange", "is_secret_event", "names_of", "parse_secret_change"]

_SOURCES = ("aws.secretsmanager", "aws.ssm")
_COMES_OR_GOES = {"CreateSecret", "DeleteSecret", "RestoreSecret", "Create", "Delete"}
_ARN = re.compile(r"arn:[^:]*:(?:secretsmanager|ssm):[^:]*:[^:]*:(?:secret:|parameter(?=/))(.+)")
_ENDING = re.compile(r"-[A-Za-z0-9]{6}$")  # that Secrets Manager puts behind a name to make an ARN of it


@dataclass(frozen=True, slots=True)
class SecretChange:
    """A secret that was changed, by all the names it may be known by; `comes_or_goes` where it is new or gone."""

    id: str
    service: str
    region: str
    names: tuple[str, ...]
    comes_or_goes: bool


def is_secret_event(event: Mapping[str, Any]) -> bool:
    """Whether an event tells about a secret."""
    return event.get("source") in _SOURCES


def parse_secret_change(event: Mapping[str, Any]) -> SecretChange | None:
    """The change that an event tells of; None where it names no secret or was an attempt that failed."""
    detail = event.get("detail")
    if not isinstance(detail, Mapping) or detail.get("errorCode"):
        return None
    by_itself = event.get("source") == "aws.ssm"
    what = str(detail.get("operation" if by_itself else "eventName") or "")
    name = detail.get("name") if by_itself else _secret_id(detail)
    if not isinstance(name, str) or not name:
        return None
    service = "ParameterStore" if by_itself else "SecretsManager"
    names = tuple(names_of(name))
    return SecretChange(str(event.get("id", "")), service, str(event.get("region", "")), names, what in _COMES_OR_GOES)


def names_of(name: str) -> list[str]:
    """By which names a secret may be known: as it is written, and what an ARN names, with and without its ending."""
    found = _ARN.fullmatch(name)
    if found is None:
        return [name]
    return list(dict.fromkeys([found[1], _ENDING.sub("", found[1])]))


def _secret_id(detail: Mapping[str, Any]) -> object:
    """Where CloudTrail says which secret it was: in the request, in the answer, or in a rotation's own words."""
    for place, names in (
        ("requestParameters", ("secretId", "name")),
        ("additionalEventData", ("SecretId",)),
        ("responseElements", ("name", "arn")),
    ):
        block = detail.get(place)
        if isinstance(block, Mapping):
            for name in names:
                if block.get(name):
                    return block[name]
    return None
