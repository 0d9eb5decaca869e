"""The JWT authorizers of an HTTP API: who is let through to a route, and what the function is told of them.

A token is held to what API Gateway holds it to: a signature by a key that the issuer publishes (RSA only), `iss`, `aud`
or `client_id`, `exp`, `nbf` and `iat`. Claims reach the function as API Gateway gives them: as text, lists too. What a
token can't be judged by alone is looked at first, so an issuer that nobody can meet is never asked for its keys.

Rule: Amazon API Gateway Developer Guide, "Control access to HTTP APIs with JWT authorizers in API Gateway".
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.runner.documents import Json, TemplateError

if TYPE_CHECKING:
    import jwt

__all__ = ["JwtAuthorizer", "read_authorizers"]

_ALGORITHMS = ["RS256", "RS384", "RS512"]
_TIMEOUT = 5.0
_SOURCE = "$request.header.Authorization"


class JwtAuthorizer:
    """One authorizer; the issuer's keys stay known while it runs."""

    def __init__(self, issuer: str, audience: tuple[str, ...]) -> None:
        self.issuer = issuer
        self.audience = audience
        self._keys: jwt.PyJWKClient | None = None
        self._lock = threading.Lock()

    def claims(self, header: str) -> dict[str, str] | None:
        """The claims of a token that holds, None for whatever else the header is."""
        import jwt  # with cryptography, which a runner needs for sign-ins only

        token = header.removeprefix("Bearer ").strip()
        try:
            unproven = jwt.decode(token, options={"verify_signature": False})
            if unproven.get("iss") != self.issuer or not self._is_meant(unproven):
                return None
            proven = jwt.decode(
                token,
                self._client().get_signing_key_from_jwt(token).key,
                algorithms=_ALGORITHMS,
                issuer=self.issuer,
                options={"verify_aud": False, "require": ["exp"]},
            )
        except (jwt.PyJWTError, OSError, ValueError, KeyError):
            return None
        return {name: _text(value) for name, value in proven.items()} if self._is_meant(proven) else None

    def _is_meant(self, claims: Mapping[str, Any]) -> bool:
        named = claims.get("aud", claims.get("client_id"))
        return any(each in self.audience for each in (named if isinstance(named, list) else [named]))

    def _client(self) -> jwt.PyJWKClient:
        import jwt

        with self._lock:
            if self._keys is None:
                address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
                with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
                    found = json.load(answer)
                self._keys = jwt.PyJWKClient(found["jwks_uri"], timeout=int(_TIMEOUT))
            return self._keys


def read_authorizers(properties: Mapping[str, Json]) -> dict[str, JwtAuthorizer]:
    """The authorizers of an `AWS::Serverless::HttpApi` with its properties resolved. Raises `TemplateError`."""
    declared: Mapping[str, Json] = (properties.get("Auth") or {}).get("Authorizers") or {}
    found: dict[str, JwtAuthorizer] = {}
    for name, each in declared.items():
        config = each.get("JwtConfiguration") or {}
        issuer, audience = config.get("issuer"), config.get("audience")
        if not isinstance(issuer, str) or not isinstance(audience, list):
            raise TemplateError(f"Auth.Authorizers.{name}.JwtConfiguration: must have an issuer and a list of audience")
        if each.get("IdentitySource", _SOURCE) != _SOURCE:
            raise TemplateError(f"Auth.Authorizers.{name}.IdentitySource: must be {_SOURCE} in the local runner")
        found[name] = JwtAuthorizer(issuer, tuple(map(str, audience)))
    return found


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(map(str, value))}]"
    return json.dumps(value) if isinstance(value, bool | dict) else str(value)
