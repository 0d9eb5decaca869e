"""HashiCorp Vault's KV engine, version 1 and 2, as a provider: one request a secret, a few at a time.

What a secret holds is a JSON object, spelled as Vault spells it, its keys in order. Source: external-secrets.io,
"HashiCorp Vault"; Vault, "KV secrets engine (API)", versions 1 and 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import orjson

from mooring.errors import ConfigurationError, MooringError, UnreachableError
from mooring.model.externalsecret import Find
from mooring.model.externalvault import VaultAccess
from mooring.model.objects import digest
from mooring.secrets.external.jsonpaths import members, text_of
from mooring.secrets.external.provider import AbsentError, Answer, Ask, Value
from mooring.secrets.external.vaulthttp import AT_ONCE, VaultServer, api_path
from mooring.secrets.external.vaultlogin import Logins

__all__ = ["VaultStore"]

_FOLDERS_AT_MOST: Final = 1000  # of one find
_HINT: Final = "allow read there in a policy of the login"
_LIST_HINT: Final = "allow list there in a policy of the login"


class VaultStore:
    """One store. `keyed` makes of a secret of version 1, which has no version, a digest that tells nobody anything."""

    def __init__(self, access: VaultAccess, server: VaultServer, logins: Logins, keyed: Callable[[bytes], str]) -> None:
        self._access = access
        self._server = server
        self._logins = logins
        self._keyed = keyed
        self._kept: str | MooringError | None = None

    @property
    def calls(self) -> int:
        """How many requests were made of Vault."""
        return self._server.calls

    def fetch(self, asks: Iterable[Ask]) -> Mapping[Ask, Answer]:
        """A value for each, or why there is none."""
        asked = list(dict.fromkeys(asks))
        try:
            self._token()
        except MooringError as error:
            return dict.fromkeys(asked, error)
        if len(asked) == 1:
            return {asked[0]: self._one(asked[0])}
        with ThreadPoolExecutor(AT_ONCE, "vault") as pool:
            return dict(zip(asked, pool.map(self._one, asked), strict=True))

    def names(self, find: Find) -> list[str]:
        """The keys below a path whose custom metadata has these tags. Raises `MooringError`."""
        if find.tags and self._access.version == 1:
            raise ConfigurationError("are not known to KV version 1; find by name or path", field="tags")
        if not self._access.path and not find.path:
            raise ConfigurationError("must name the engine, since the store's path is empty", field="path")
        names: list[str] = []
        folders = [find.path.strip("/")]
        for visited, folder in enumerate(folders):  # grows as it goes
            if visited == _FOLDERS_AT_MOST:
                raise ConfigurationError(f"has more than {_FOLDERS_AT_MOST} folders; name a path below", field="path")
            for key in self._listed(folder):
                whole = f"{folder}/{key}" if folder else key
                if key.endswith("/"):
                    folders.append(whole.rstrip("/"))
                else:
                    names.append(whole)
        if not find.tags:
            return names
        return [name for name in names if find.tags.items() <= self._tags(name).items()]

    def _token(self) -> str:
        """One login an invocation; a token is neither renewed nor kept."""
        if self._kept is None:
            try:
                self._kept = self._logins.token(self._access, self._server)
            except MooringError as error:
                self._kept = error
        if isinstance(self._kept, MooringError):
            raise self._kept
        return self._kept

    def _path(self, key: str, part: str) -> str:
        """Where a key is; `part` is `data` or `metadata`, which version 2 has behind the mount."""
        mount, rest = self._access.split(key)
        parts = (mount, part, rest) if self._access.version == 2 else (mount, rest)
        return api_path(*(each for each in parts if each))

    def _listed(self, folder: str) -> list[str]:
        what = f"the list of {folder or self._access.path!r}"
        path = self._path(folder, "metadata")
        try:
            answer = self._server.get(path, self._token(), what, _LIST_HINT, {"list": "true"})
            return [str(key) for key in orjson.loads(answer)["data"]["keys"]]
        except AbsentError:
            return []
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise UnreachableError(f"{self._access.server} answers {what} with something else") from None

    def _one(self, ask: Ask) -> Answer:
        try:
            if ask.metadata:
                tags = self._tags(ask.key)
                return Value(orjson.dumps(tags, option=orjson.OPT_SORT_KEYS), digest(tags))
            if self._access.version == 1:
                return self._first(ask)
            return self._second(ask)
        except MooringError as error:
            return error

    def _first(self, ask: Ask) -> Value:
        if ask.version:
            raise ConfigurationError("is unknown to KV version 1, which keeps one value", field="version")
        what = f"the secret {ask.key!r}"
        answer = self._server.get(self._path(ask.key, ""), self._token(), what, _HINT)
        data = _object(self._fields(answer, what).get("data", ""))
        if data is None:
            raise AbsentError(f"{what} holds nothing")
        return Value(data, self._keyed(data))

    def _second(self, ask: Ask) -> Value:
        if ask.version and not ask.version.isdecimal():
            raise ConfigurationError("must be a number: KV version 2 counts them", field="version")
        what = f"the secret {ask.key!r}" + (f" at version {ask.version}" if ask.version else "")
        query = {"version": ask.version} if ask.version else None
        answer = self._server.get(self._path(ask.key, "data"), self._token(), what, _HINT, query)
        inside = self._fields(self._fields(answer, what).get("data", ""), what)
        data, about = _object(inside.get("data", "")), members(inside.get("metadata", "")) or {}
        if data is None:
            raise AbsentError(f"{what} is deleted; write it anew or name another version")
        # One that was removed with all its versions and made anew begins at 1 again.
        made = text_of(about.get("created_time", '""'))
        return Value(data, f"{text_of(about.get('version', '0'))}@{made}")

    def _tags(self, key: str) -> dict[str, str]:
        if self._access.version == 1:
            raise ConfigurationError("must be None: KV version 1 has no metadata", field="metadataPolicy")
        what = f"the metadata of {key!r}"
        answer = self._server.get(self._path(key, "metadata"), self._token(), what, _HINT)
        inside = self._fields(self._fields(answer, what).get("data", ""), what)
        custom = members(inside.get("custom_metadata", "")) or {}
        return {name: text_of(raw) for name, raw in custom.items()}

    def _fields(self, text: bytes | str, what: str) -> dict[str, str]:
        try:
            found = members(text.decode() if isinstance(text, bytes) else text)
        except UnicodeDecodeError:
            found = None
        if found is None:
            raise UnreachableError(f"{self._access.server} answers {what} with something else")
        return found


def _object(raw: str) -> bytes | None:
    """A spelled object with its keys in order; None where it is none."""
    found = members(raw)
    if found is None:
        return None
    return ("{" + ",".join(f"{orjson.dumps(key).decode()}:{found[key]}" for key in sorted(found)) + "}").encode()
