"""A double of HashiCorp Vault on loopback: its documented HTTP API for KV 1 and 2 and four auth methods, and no more.

It is not Vault. Written after Vault's API documentation ("KV secrets engine - version 1 (API)", "version 2 (API)",
"AppRole", "Kubernetes", "AWS auth method (API)", "HTTP Status codes", "Namespaces"): paths, headers, bodies and
statuses are those of its examples. A token is known in one namespace; `iam` checks the signed request's parts and
signature as AWS would, by botocore.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["VaultDouble", "vault_double"]


@dataclass
class VaultDouble:
    """What is in it. `kv2` has the versions of a secret (None for a deleted one), `requests` every method and path."""

    address: str = ""
    namespace: str = ""
    tokens: set[str] = field(default_factory=lambda: {"root"})
    kv1: dict[str, dict[str, Any]] = field(default_factory=dict)
    kv2: dict[str, list[dict[str, Any] | None]] = field(default_factory=dict)
    custom: dict[str, dict[str, str]] = field(default_factory=dict)
    roles: dict[str, Any] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    faults: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def login(self, mount: str, body: dict[str, Any]) -> str | None:
        """The token of a login, or None where it is refused."""
        role = self.roles.get(mount)
        fitting = False
        if mount == "aws" and role is not None:
            fitting = body.get("role") == role["role"] and self._signed(body, role)
        elif role is not None:
            fitting = body == role
        if not fitting:
            return None
        token = f"hvs.of-{mount}"
        self.tokens.add(token)
        return token

    def _signed(self, body: dict[str, Any], role: dict[str, Any]) -> bool:
        """Whether a signed GetCallerIdentity is the one that AWS would take for these keys."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        url, content = (base64.b64decode(body[f"iam_request_{part}"]).decode() for part in ("url", "body"))
        headers = {k.lower(): v[0] for k, v in json.loads(base64.b64decode(body["iam_request_headers"])).items()}
        said = headers["authorization"]
        scope = said.split("Credential=")[1].split(",")[0].split("/")
        names = said.split("SignedHeaders=")[1].split(",")[0].split(";")
        if (body["iam_http_request_method"], url, content) != (
            "POST",
            role["url"],
            "Action=GetCallerIdentity&Version=2011-06-15",
        ):
            return False
        if headers.get("x-vault-aws-iam-server-id") != role["server_id"] or "x-vault-aws-iam-server-id" not in names:
            return False
        signer = SigV4Auth(Credentials(role["key"], role["secret"]), "sts", scope[2])
        request = AWSRequest("POST", url, {name: headers[name] for name in names}, content.encode())
        request.context["timestamp"] = headers["x-amz-date"]
        canonical = signer.canonical_request(request)
        return said.endswith(f"Signature={signer.signature(signer.string_to_sign(request, canonical), request)}")

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        """Status and body for a path below `/v1/`."""
        parts = path.split("/")
        if method == "POST" and parts[0] == "auth" and "login" in parts[-2:]:  # of users the last part is the name
            token = self.login("/".join(parts[1:] if parts[-2] == "login" else parts[1:-1]), body)
            if token is None:
                return 400, {"errors": ["invalid role or secret ID"]}
            return 200, {"auth": {"client_token": token, "lease_duration": 3600, "renewable": True}}
        if path in self.denied:
            return 403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}
        mount, rest = parts[0], "/".join(parts[1:])
        if mount == "kv":
            return self._first(rest, query)
        if mount == "secret":
            return self._second(rest, query)
        return 404, {"errors": [f'no handler for route "{path}"']}

    def _first(self, rest: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        if query.get("list"):
            return _listed(self.kv1, rest)
        held = self.kv1.get(rest)
        return (404, {"errors": []}) if held is None else (200, {"lease_duration": 2764800, "data": held})

    def _second(self, rest: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        part, _, name = rest.partition("/")
        if part == "metadata" and query.get("list"):
            return _listed(self.kv2, name)
        versions = self.kv2.get(name)
        if versions is None or part not in ("data", "metadata"):
            return 404, {"errors": []}
        if part == "metadata":
            return 200, {"data": {"current_version": len(versions), "custom_metadata": self.custom.get(name)}}
        number = int(query.get("version", ["0"])[0]) or len(versions)
        if number > len(versions):
            return 404, {"errors": []}
        data = versions[number - 1]
        gone = "2026-03-22T02:36:43.986212308Z" if data is None else ""
        about = {
            "created_time": f"2026-03-22T02:24:{number:02}.945319214Z",
            "custom_metadata": self.custom.get(name),
            "deletion_time": gone,
            "destroyed": False,
            "version": number,
        }
        return (404 if data is None else 200), {"data": {"data": data, "metadata": about}}


def _listed(held: dict[str, Any], folder: str) -> tuple[int, Any]:
    start = f"{folder}/" if folder else ""
    below = [name[len(start) :] for name in held if name.startswith(start)]
    keys = sorted({name.partition("/")[0] + "/" if "/" in name else name for name in below})
    return (200, {"data": {"keys": keys}}) if keys else (404, {"errors": []})


@contextmanager
def vault_double() -> Iterator[VaultDouble]:
    """A double that listens until the block ends."""
    double = VaultDouble()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

        def _serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            parts = urlsplit(self.path)
            path = unquote(parts.path).removeprefix("/v1/")
            double.requests.append(f"{self.command} {path}")
            double.headers.append({key.lower(): value for key, value in self.headers.items()})
            more: dict[str, str] = {}
            known = self.headers.get("X-Vault-Token") in double.tokens or path.startswith("auth/")
            if double.faults:
                (status, more), body = double.faults.pop(0), {"errors": ["canary-of-an-answer"]}
            elif not known or self.headers.get("X-Vault-Namespace", "") != double.namespace:
                status, body = 403, {"errors": ["permission denied"]}
            else:
                asked = json.loads(content) if content else None
                status, body = double.answer(self.command, path, parse_qs(parts.query), asked)
            payload = json.dumps(body, separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode()  # as Go does
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(payload)),
                **more,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = _serve

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    double.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
