"""API tokens in the table, by the SHA-256 of each: whoever reads the table can't use one.

A token is 256 random bits, so it needs no slower hash. Its item goes by itself a month after it has expired. The day of
its last use is written once a day at most.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.errors import ConflictError
from mooring.state.packing import pack, unpack
from mooring.state.table import Item, Table, delete, put, update

__all__ = ["ApiToken", "ApiTokens", "digest_of_token"]

_PARTITION = "TOKENS"
_SHOWN_AFTERWARDS = 30 * 24 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as it is kept. `subject` and `groups` are whose rights it has; `role` and `scope` narrow them.

    Of a project's role, `subject` is `proj:PROJECT:ROLE`. Times are in seconds since the epoch, `used` is a day.
    """

    ident: str
    digest: str
    name: str
    subject: str
    maker: str
    groups: tuple[str, ...]
    role: str
    scope: tuple[str, ...] | None
    made: int
    expires: int
    used: str = ""


class ApiTokens:
    """The tokens of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, token: str) -> ApiToken | None:
        """What is known of a token, or None; whether it has expired is for the caller to say."""
        digest = digest_of_token(token)
        item = self._table.get((_PARTITION, digest))
        return _token(item) if item is not None and hmac.compare_digest(item["sk"], digest) else None

    def add(self, token: ApiToken) -> None:
        """Remembers a new one."""
        item: Item = {
            "pk": _PARTITION, "sk": token.digest, "id": token.ident, "label": token.name, "subject": token.subject,
            "maker": token.maker, "body": pack({"groups": token.groups, "scope": token.scope}), "narrowed": token.role,
            "made": token.made, "expires": token.expires, "ttl": token.expires + _SHOWN_AFTERWARDS,
        }  # fmt: skip
        self._table.write(put(item, "attribute_not_exists(pk)"))

    def all(self) -> Iterator[ApiToken]:
        """Every token, the newest last."""
        yield from sorted(map(_token, self._table.query(_PARTITION)), key=lambda token: token.ident)

    def remove(self, token: ApiToken) -> None:
        """Forgets one; from now on it lets nobody in."""
        self._table.write(delete((_PARTITION, token.digest)))

    def note_use(self, token: ApiToken, day: str) -> None:
        """Remembers the day of its last use, unless that is known or somebody removes it meanwhile."""
        if token.used == day:
            return
        try:
            self._table.write(update((_PARTITION, token.digest), {"used": day}, "attribute_exists(pk)"))
        except ConflictError:
            return


def digest_of_token(token: str) -> str:
    """By what a token is kept."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _token(item: Item) -> ApiToken:
    body = unpack(item["body"])
    scope = body["scope"]
    return ApiToken(
        item["id"], item["sk"], item["label"], item["subject"], item["maker"], tuple(body["groups"]), item["narrowed"],
        None if scope is None else tuple(scope), int(item["made"]), int(item["expires"]), item.get("used", ""),
    )  # fmt: skip
