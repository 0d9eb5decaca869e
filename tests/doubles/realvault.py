"""A real Vault: HashiCorp's server with its own plugins (`local/tools/vaultkit`), over TLS, set up by its HTTP API.

Everything is in its memory and gone when it ends. What it can't be made to do (errors at will, a standby, Enterprise's
namespaces) is `tests.doubles.vaultserver`'s part.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from local.cluster.certificates import issue
from local.processes import Processes, free_port, wait_for_port
from local.tools import ensure

__all__ = ["RealVault", "real_vault"]

_READ = 'path "secret/data/shop/*" { capabilities = ["read"] }\n'
_LIST = (
    'path "secret/metadata/*" { capabilities = ["read", "list"] }\npath "kv/*" { capabilities = ["read", "list"] }\n'
)


@dataclass(slots=True)
class RealVault:
    """Where it is, the authority of its certificate (PEM) and the token that may do everything."""

    address: str
    authority: bytes
    pool: urllib3.PoolManager
    root: str = ""

    @property
    def ca_bundle(self) -> str:
        """The authority as a store has it."""
        return base64.b64encode(self.authority).decode()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request below `/v1/`, as the one that may do everything; its answer, None for an empty one."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"X-Vault-Token": self.root} if self.root else {}
        answer = self.pool.request(method, f"{self.address}/v1/{path}", body=content, headers=headers)
        assert answer.status < 300, (method, path, answer.status, answer.data)
        return json.loads(answer.data) if answer.data else None

    def put(self, path: str, version: int = 2, **data: Any) -> None:
        """A value, or a new version of one, in `secret` (2) or `kv` (1)."""
        if version == 1:
            self.ask("POST", f"kv/{path}", data)
        else:
            self.ask("POST", f"secret/data/{path}", {"data": data})


@contextmanager
def real_vault(directory: Path) -> Iterator[RealVault]:
    """A server with both engines, the three auth methods and the policy `shop`, until the block ends."""
    program = ensure(("vaultkit",), print)["vaultkit"]
    keys, port = issue(directory, ("127.0.0.1",)), free_port()
    config = {
        "listener": [
            {
                "tcp": {
                    "address": f"127.0.0.1:{port}",
                    "tls_cert_file": str(keys.certificate),
                    "tls_key_file": str(keys.key),
                }
            }
        ],
        "storage": {"inmem": {}},
        "api_addr": f"https://127.0.0.1:{port}",
        "plugin_directory": str(program.parent),
        "disable_mlock": True,
        "log_level": "warn",
    }
    file = directory / "vault.json"
    file.write_text(json.dumps(config))
    pool = urllib3.PoolManager(cert_reqs="CERT_REQUIRED", ca_certs=str(keys.authority), timeout=30.0, retries=False)
    with Processes(directory / "log") as processes:
        processes.start("vault", [program, "server", f"-config={file}"])
        wait_for_port(port, "Vault", timeout=60)
        vault = RealVault(f"https://127.0.0.1:{port}", keys.authority.read_bytes(), pool)
        _open(vault, program)
        yield vault
    pool.clear()


def _open(vault: RealVault, program: Path) -> None:
    made = vault.ask("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
    vault.ask("PUT", "sys/unseal", {"key": made["keys"][0]})
    vault.root = made["root_token"]
    vault.ask("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
    vault.ask("POST", "sys/mounts/kv", {"type": "kv", "options": {"version": "1"}})
    vault.ask("PUT", "sys/policies/acl/shop", {"policy": _READ + _LIST})
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    for method in ("aws", "kubernetes"):
        plugin = {"sha256": digest, "command": program.name, "args": ["serve-plugin", method]}
        vault.ask("PUT", f"sys/plugins/catalog/auth/{method}", plugin)
    for method in ("approle", "aws", "kubernetes"):
        vault.ask("POST", f"sys/auth/{method}", {"type": method})
