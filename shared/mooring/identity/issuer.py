"""An issuer of OpenID Connect: where to send somebody who signs in, and what their code is worth.

The code flow with PKCE (RFC 7636; OpenID Connect Core 1.0, section 3.1). The code is exchanged here and not in the
page, because many issuers want a client secret for it, and some let no page ask. The signature of what comes back is
judged by whoever stands in front of the API (its JWT authorizer), so no key of an issuer is ever kept here.

Of an issuer's refusal only the code of the error is told (RFC 6749, section 5.2): its words may quote what was sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from mooring.errors import ConfigurationError, ForbiddenError, UnreachableError

if TYPE_CHECKING:
    import urllib3

__all__ = ["Client", "Issuer"]

_CONNECT, _READ = 3.0, 8.0  # seconds; API Gateway waits for 29 in all
_KNOWN_FOR = 3600.0  # seconds that a discovery document is believed
_MOST_BYTES = 1 << 20
_CODES = re.compile(r"[a-z_]{1,60}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Client:
    """What the installation is registered as. `secret` is read when it is needed; empty for a public client."""

    issuer: str
    ident: str
    scopes: str
    secret: Callable[[], str]


class Issuer:
    """One issuer; what it publishes about itself stays known for an hour."""

    def __init__(self, client: Client, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.client = client
        self._clock = clock
        self._found: tuple[float, Mapping[str, Any]] | None = None
        self._pool: urllib3.PoolManager | None = None

    def authorization(self, *, redirect: str, state: str, nonce: str, verifier: str) -> str:
        """The address at which somebody signs in. Raises `UnreachableError`, `ConfigurationError`."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self.client.ident, "redirect_uri": redirect,
            "scope": self.client.scopes, "state": state, "nonce": nonce,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        endpoint = self._endpoint("authorization_endpoint")
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    def exchange(self, *, code: str, redirect: str, verifier: str) -> str:
        """The id_token for a code. Raises `ForbiddenError` where the issuer refuses it, `UnreachableError`."""
        endpoint, secret = self._endpoint("token_endpoint"), self.client.secret()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        methods = self._discovered().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if secret and "client_secret_basic" in methods:
            both = f"{quote(self.client.ident, safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(both.encode()).decode()}"
        else:
            form |= {"client_id": self.client.ident} | ({"client_secret": secret} if secret else {})
        status, told = self._ask("POST", endpoint, urlencode(form), headers)
        if status != 200:
            error = told.get("error")
            code_ = error if isinstance(error, str) and _CODES.fullmatch(error) else f"status {status}"
            raise ForbiddenError(f"the issuer refuses the sign-in ({code_}); begin again", field="code")
        token = told.get("id_token")
        if not isinstance(token, str) or token.count(".") != 2:
            raise ConfigurationError("the issuer gives no id_token; OidcScopes must hold openid", field="OidcScopes")
        return token

    def _endpoint(self, name: str) -> str:
        address = self._discovered().get(name)
        if not isinstance(address, str) or not _trustworthy(address):
            raise ConfigurationError(f"publishes no {name} over https", field="OidcIssuer", subject=self.client.issuer)
        return address

    def _discovered(self) -> Mapping[str, Any]:
        now = self._clock()
        if self._found is not None and now - self._found[0] < _KNOWN_FOR:
            return self._found[1]
        if not _trustworthy(self.client.issuer):
            raise ConfigurationError("must begin with https://", field="OidcIssuer")
        status, found = self._ask("GET", f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration", "", {})
        if status != 200:
            raise ConfigurationError(
                f"publishes no OpenID configuration (status {status})", field="OidcIssuer", subject=self.client.issuer
            )
        # OpenID Connect Discovery 1.0, section 4.3: another name in it would be another issuer's document.
        if found.get("issuer") != self.client.issuer:
            raise ConfigurationError(
                "names another issuer in its OpenID configuration; write OidcIssuer exactly as it does",
                field="OidcIssuer", subject=self.client.issuer,
            )  # fmt: skip
        self._found = now, found
        return found

    def _ask(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        import urllib3  # only for sign-ins

        if self._pool is None:
            self._pool = urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=_CONNECT, read=_READ), retries=False, maxsize=2
            )
        try:
            answer = self._pool.request(
                method, url, body=body or None, headers=dict(headers), redirect=False, preload_content=False
            )
            content = answer.read(_MOST_BYTES)
            answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"the issuer can't be reached: {type(error).__name__}", subject=_host(url)) from None
        try:
            found = json.loads(content)
        except ValueError:
            found = {}
        return answer.status, found if isinstance(found, dict) else {}


def _trustworthy(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
