"""Signing in through the issuer: a browser goes there, and comes back to an address of this machine.

The installation knows the issuer, keeps PKCE's verifier and state in a ticket that only it can read, and exchanges the
code; this command opens the browser and waits on a loopback port (RFC 8252, section 7.3). What it is left with is a
session of Mooring's own, not the issuer's token.
"""

from __future__ import annotations

import sys
import time
import webbrowser
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from mooring.errors import ConfigurationError, ForbiddenError
from mooring_cli.client import Api
from mooring_cli.lateness import WaitError

__all__ = ["sign_in"]

_PATIENCE: Final = 300.0  # seconds that somebody has for it; the ticket holds for ten minutes
_PAGE: Final = b"<!doctype html><title>Mooring</title><p>You may close this page and go back to the terminal."


def sign_in(api: Api, *, browser: bool, port: int) -> dict[str, Any]:
    """The session's token, whose it is, and when it ends. Most issuers send back only to a `port` that they know.

    Raises `ConfigurationError` where no issuer is set, `ForbiddenError` where it refuses, `WaitError`.
    """
    if not api.call("GET", "login", "options").get("oidc"):
        raise ConfigurationError("this installation has no issuer set; sign in with a token", field="--sso")
    with _listening(port) as loopback:
        begun = api.call("GET", "login", query={"port": str(loopback.server_port)})
        print(f"sign in at {begun['address']}", file=sys.stderr)
        if browser:
            webbrowser.open(begun["address"])
        answer = loopback.wait()
    if "code" not in answer:
        refusal = answer.get("error", "no code")[:60]
        raise ForbiddenError(f"the issuer sent the browser back without a code ({refusal!r}): begin again")
    ticket = {"login": begun["login"]}
    code = {"code": answer["code"], "state": answer.get("state", "")}
    token = api.call("POST", "login", "exchange", body=ticket | code)["idToken"]
    found: dict[str, Any] = Api(replace(api.endpoint, token=token)).call("POST", "session", body=ticket)
    return found


def _listening(port: int) -> _Loopback:
    try:
        return _Loopback(port)
    except OSError as error:
        told = f"something else listens on port {port}; end it, or register another at the issuer and name that"
        raise ConfigurationError(told, field="--sso-port") from error


class _Loopback(HTTPServer):
    """Takes one answer on a port of this machine."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answer: dict[str, str] | None = None
        self.timeout = 1.0

    def wait(self) -> dict[str, str]:
        """The parameters that the browser came back with. Raises `WaitError`."""
        deadline = time.monotonic() + _PATIENCE
        while self.answer is None:
            if time.monotonic() > deadline:
                raise WaitError(f"nobody signed in within {_PATIENCE:g} s")
            self.handle_request()
        return self.answer


class _Handler(BaseHTTPRequestHandler):
    timeout = 5  # seconds for a connection that says nothing; browsers open some to have them

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        found = parts.path == "/auth/callback"
        if found and isinstance(self.server, _Loopback):
            self.server.answer = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(_PAGE) if found else 0))
        self.end_headers()
        if found:
            self.wfile.write(_PAGE)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: an address that it would print holds the code."""
