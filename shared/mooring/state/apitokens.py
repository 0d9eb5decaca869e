"""API tokens in the table, by the SHA-256 of each: whoever reads the table can't use one.

A token is 256 random bits, so it needs no slower hash. Its item goes by itself a month after it has expired. The day of
its last use is written once a day at most. When its maker signs in again, it loses the groups that they have lost.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from mooring.errors import ConflictError
from mooring.state.packing import pack, unpack
from mooring.state.table import Item, Operation, Table, delete, put, update

__all__ = ["ApiToken", "ApiTokens", "digest_of_token"]

_PARTITION = "TOKENS"
_SHOWN_AFTERWARDS = 30 * 24 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as it is kept. `subject` and `groups` are whose rights it has; `role` and `scope` narrow them.

    Of a project's role, `subject` is `proj:PROJECT:ROLE`, and `born` the project's birth. Times are in seconds since
    the epoch, `used` is a day; `grouped` is when the groups were last heard of, at a sign-in of whoever made it, and
    `by` is the subject of these.
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
    grouped: int = 0
    born: str = ""
    by: str = ""


class ApiTokens:
    """The tokens of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, token: str) -> ApiToken | None:
        """What is known of a token, or None; whether it has expired is for the caller to say."""
        digest = digest_of_token(token)
        item = self._table.get((_PARTITION, digest))
        return _token(item) if item is not None and hmac.compare_digest(item["sk"], digest) else None

    def add(self, token: ApiToken, *conditions: Operation) -> None:
        """Remembers a new one. Raises `ConflictError` where a condition does not hold (any more)."""
        item: Item = {
            "pk": _PARTITION, "sk": token.digest, "id": token.ident, "label": token.name, "subject": token.subject,
            "maker": token.maker, "made_by": token.by, "body": _body(token), "narrowed": token.role,
            "grouped": token.grouped, "born": token.born, "made": token.made, "expires": token.expires,
            "ttl": token.expires + _SHOWN_AFTERWARDS,
        }  # fmt: skip
        self._table.write(put(item, "attribute_not_exists(pk)"), *conditions)

    def all(self) -> Iterator[ApiToken]:
        """Every token, the newest last."""
        yield from sorted(map(_token, self._table.query(_PARTITION)), key=lambda token: token.ident)

    def remove(self, token: ApiToken) -> None:
        """Forgets one; from now on it lets nobody in."""
        self._table.write(delete((_PARTITION, token.digest)))

    def remove_all(self, which: Callable[[ApiToken], bool]) -> list[ApiToken]:
        """Forgets all of which `which` says yes; which these were."""
        found = [token for token in self.all() if which(token)]
        for token in found:
            self.remove(token)
        return found

    def regroup(self, subject: str, groups: Iterable[str], now: float) -> None:
        """Notes that a subject has signed in with these groups: tokens lose the others, and gain none."""
        having = set(groups)
        for token in self.all():
            if token.subject != subject or token.expires <= now:
                continue
            left = replace(token, groups=tuple(each for each in token.groups if each in having))
            told: Item = {"grouped": int(now)} | ({"body": _body(left)} if left.groups != token.groups else {})
            try:
                self._table.write(update((_PARTITION, token.digest), told, "attribute_exists(pk)"))
            except ConflictError:
                continue  # revoked meanwhile

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
        int(item.get("grouped") or item["made"]), item.get("born", ""), item.get("made_by", ""),
    )  # fmt: skip


def _body(token: ApiToken) -> bytes:
    return pack({"groups": token.groups, "scope": token.scope})
