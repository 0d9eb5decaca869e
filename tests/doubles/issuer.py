"""An issuer of OpenID Connect on loopback: real keys (RS256), real PKCE, codes that are good once.

What it does not have is a page to type a password into: whoever is to sign in is set beforehand, and the authorization
endpoint sends back at once. It refuses what a real one refuses: another client, another place to come back to, a
verifier that is not the challenge's, a code for the second time, a wrong secret.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.doubles.loopback import Loopback, Quiet

__all__ = ["CLIENT", "SECRET", "Issuer"]

CLIENT, SECRET = "mooring", "a secret: of two words"
_KEY_ID = "first"


class Issuer(Loopback):
    """What it is, who signs in next (`claims`), and which requests to the token endpoint it refused."""

    def __init__(self, *redirects: str) -> None:
        self.redirects = redirects
        self.claims: dict[str, Any] = {"sub": "alice"}
        self.secret = SECRET  # empty for a public client
        self.refused: list[str] = []
        self.asked = 0
        self._key = rsa.generate_private_key(65537, 2048)
        self._codes: dict[str, dict[str, str]] = {}

    @property
    def url(self) -> str:
        """What it is called, and where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def handler(self) -> type[BaseHTTPRequestHandler]:
        made = self

        class Handler(Quiet):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == "/authorize":
                    place = made.authorize({name: values[0] for name, values in parse_qs(parts.query).items()})
                    self._say(302 if place else 400, {}, place)
                elif parts.path == "/.well-known/openid-configuration":
                    self._say(200, made.configuration())
                elif parts.path == "/keys":
                    self._say(200, made.keys())
                else:
                    self._say(404, {})

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                first = {name: values[0] for name, values in form.items()}
                self._say(*made.exchange(first, self.headers["authorization"] or ""))

            def _say(self, status: int, body: dict[str, Any], place: str = "") -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                if place:
                    self.send_header("location", place)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        return Handler

    def token(self, **claims: Any) -> str:
        """An id_token of now for five minutes, with these claims beside or in place of the usual ones."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300}
        return jwt.encode(usual | self.claims | claims, self._key, "RS256", {"kid": _KEY_ID})

    def keys(self) -> dict[str, Any]:
        """What it publishes of its key (RFC 7517)."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [public | {"kid": _KEY_ID, "alg": "RS256", "use": "sig"}]}

    def configuration(self) -> dict[str, Any]:
        """What it publishes of itself (OpenID Connect Discovery 1.0)."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Where a browser is sent back to."""
        if asked.get("client_id") != CLIENT or asked.get("redirect_uri") not in self.redirects:
            return ""
        if asked.get("code_challenge_method") != "S256" or "openid" not in asked.get("scope", "").split():
            return ""
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The answer of the token endpoint (RFC 6749, sections 4.1.3 and 5)."""
        self.asked += 1
        kind, _, both = authorization.partition(" ")
        name, _, secret = base64.b64decode(both or "Og==").decode().partition(":")
        known = ("Basic", CLIENT, self.secret) if self.secret else ("", "", "")
        if (kind, unquote(name), unquote(secret)) != known or form.get("client_id", CLIENT) != CLIENT:
            return self._refuse("invalid_client", 401)
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return self._refuse("invalid_grant", 400)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if proof.rstrip(b"=").decode() != asked["code_challenge"]:
            return self._refuse("invalid_grant", 400)
        token = self.token(nonce=asked["nonce"])
        return 200, {"id_token": token, "access_token": "x", "token_type": "Bearer", "expires_in": 300}

    def _refuse(self, error: str, status: int) -> tuple[int, dict[str, Any]]:
        self.refused.append(error)
        return status, {"error": error, "error_description": "quotes what was sent"}
