"""Who we are to an OCI registry, in the three ways that registries ask.

A registry that wants to know answers 401 and says how: `Basic`, or `Bearer` with the address of a server that gives
tokens (Distribution, "Token Authentication Specification"). A token is good for one repository and a few minutes, and
is kept that long. Amazon's registries take a password that the function's role asks for (ECR, `GetAuthorizationToken`;
12 hours), unless a credential is stored.
"""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import orjson

from mooring.errors import ConfigurationError, ForbiddenError, MooringError, UnreachableError
from mooring.source.charts_credentials import ChartCredential
from mooring.source.charts_http import Answer, Web, origin, refusal
from mooring.source.charts_places import Place
from mooring.source.urls import FIELD

__all__ = ["EcrPasswords", "Tokens", "is_amazons"]

_PARAMETER = re.compile(r'([A-Za-z]+)="((?:[^"\\]|\\.)*)"')
_ECR = re.compile(r"\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)")
_SHORTEST: Final = 60.0  # seconds; what the specification lets a token without expires_in live
_EARLY: Final = 10.0
_RENEWED: Final = 300.0  # seconds before its end that a password is asked for again


@dataclass(frozen=True, slots=True)
class _Known:
    header: str
    until: float


class Tokens:
    """Headers that registries have accepted, by credential, host and repository."""

    def __init__(self, web: Web, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._web = web
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str, str], _Known] = {}
        self._asked: dict[str, Answer] = {}

    def header(self, place: Place, credential: ChartCredential) -> str:
        """The header for this repository, empty where its registry has never asked for one.

        Raises as `ask` does: one that has asked for another repository is answered without being asked again.
        """
        with self._lock:
            known = self._known.get(_key(place, credential))
            asked = self._asked.get(place.host)
        if known is not None and known.until > self._clock():
            return known.header
        if asked is None:
            return ""
        try:
            return self.ask(place, credential, asked)
        except MooringError:
            with self._lock:
                self._asked.pop(place.host, None)  # it may ask in another way by now
            raise

    def ask(self, place: Place, credential: ChartCredential, refused: Answer) -> str:
        """The header that a registry's 401 asks for; empty where there is nothing to give.

        Raises `UnreachableError`, `ForbiddenError` and `ConfigurationError`.
        """
        scheme, _, rest = refused.headers.get("www-authenticate", "").partition(" ")
        if scheme.lower() == "basic":
            header, lifetime = credential.authorization, 3600.0
        elif scheme.lower() == "bearer":
            if credential.token:
                header, lifetime = credential.authorization, 3600.0
            else:
                header, lifetime = self._token(place, credential, dict(_PARAMETER.findall(rest)), origin(refused.url))
        else:
            return ""
        if header:
            with self._lock:
                self._asked[place.host] = refused
                self._known[_key(place, credential)] = _Known(header, self._clock() + max(lifetime - _EARLY, 1.0))
        return header

    def _token(
        self, place: Place, credential: ChartCredential, asked: dict[str, str], registry: str
    ) -> tuple[str, float]:
        realm = asked.get("realm", "")
        secure = urlsplit(realm).scheme == "https" or registry.startswith("http:")
        if urlsplit(realm).scheme not in ("https", "http") or not secure:
            raise ConfigurationError(
                f"{place.host} sends us for a token to an address that is not https; correct the registry", field=FIELD
            )
        query = {"scope": f"repository:{place.path}:pull"}
        if asked.get("service"):
            query["service"] = asked["service"]
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
        # The certificates are for the registry; whoever gives its tokens shows one that everybody trusts, or the same.
        home = origin(url)
        answer = self._web.get(url, credential=credential, home=home, limit=1 << 20)
        if answer.status != 200:
            raise refusal(answer, f"the token for {place.shown}", known=bool(credential.authorization))
        try:
            body = orjson.loads(answer.body)
            token = str(body.get("token") or body.get("access_token") or "")
            lifetime = float(body.get("expires_in") or _SHORTEST)
        except (ValueError, AttributeError, TypeError):
            token, lifetime = "", 0.0
        if not token or any(ord(character) < 33 for character in token):
            raise UnreachableError(f"the token server of {place.host} answers without a token", field=FIELD)
        return f"Bearer {token}", lifetime


def _key(place: Place, credential: ChartCredential) -> tuple[str, str, str]:
    return place.host, place.path, credential.authorization


def is_amazons(url: str) -> bool:
    """Whether an address lies in one of Amazon's registries, for which a password is asked."""
    host = url.strip().lower().removeprefix("oci://").partition("/")[0]
    return _ECR.fullmatch(host.removesuffix(":443")) is not None


class EcrPasswords:
    """Passwords for Amazon's registries; `client` makes the ECR client of a region."""

    def __init__(self, client: Callable[[str], Any], *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, float]] = {}

    def credential(self, place: Place, credential: ChartCredential) -> ChartCredential:
        """The same credential, with ECR's user and password where the host is Amazon's. Raises `ForbiddenError` where
        the role may not ask, `UnreachableError`.
        """
        match = _ECR.fullmatch(place.host)
        if match is None:
            return credential
        with self._lock:
            password, until = self._known.get(match[1], ("", 0.0))
            if until - _RENEWED < self._clock():
                password, until = self._ask(match[1], place)
                self._known[match[1]] = (password, until)
        return replace(credential, username="AWS", password=password)

    def _ask(self, region: str, place: Place) -> tuple[str, float]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            data = self._client(region).get_authorization_token()["authorizationData"][0]
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise ForbiddenError(
                f"{place.host}: ECR gives no password ({code}); the function's role needs "
                "ecr:GetAuthorizationToken, or store a credential",
                field=FIELD,
            ) from None
        except BotoCoreError as error:
            raise UnreachableError(f"{place.host}: ECR can't be reached: {type(error).__name__}", field=FIELD) from None
        password = base64.b64decode(data["authorizationToken"]).decode().partition(":")[2]
        return password, max(data["expiresAt"].timestamp(), self._clock() + 2 * _RENEWED)
