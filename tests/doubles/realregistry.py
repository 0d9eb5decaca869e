"""A real registry: Distribution's own server (`local/tools/registrykit`) in memory, and pushes as any client makes them.

What it can't be made to do (bearer tokens, errors, limits, silence) is `tests.doubles.ociregistry`'s part.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from local.processes import Processes, free_port, wait_for_port
from local.tools import ensure

__all__ = ["PASSWORD", "USER", "RealRegistry", "real_registry"]

USER, PASSWORD = "robot", "s3cret"
_HTPASSWD = f"{USER}:$2b$04$wQYWbS7XUUJPBR4L8/pOwuoU273SzKArm07Wdw6dpVyRIk5aVqLP6\n"  # of the password above
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = b"a layer"


@dataclass(slots=True)
class RealRegistry:
    """Where it listens (`host:port`, plain HTTP); `login` is what pushes are made with."""

    host: str
    login: Mapping[str, str]
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=8))
    _held: set[tuple[str, str]] = field(default_factory=set)

    def push(
        self,
        name: str,
        *tags: str,
        created: str = "2026-01-01T00:00:00Z",
        platform: str = "linux/amd64",
        labels: Mapping[str, str] | None = None,
    ) -> str:
        """An image of one platform under these tags; its digest."""
        return self._put(name, self._image(name, created, platform, labels or {}), _MANIFEST, tags)

    def push_index(self, name: str, *tags: str, platforms: Sequence[str], created: str = "2026-01-01T00:00:00Z") -> str:
        """An index with an image for each platform, and an attestation as BuildKit adds it; its digest."""
        members = []
        for platform in (*platforms, "unknown/unknown"):
            body = self._image(name, created, platform, {})
            digest = self._put(name, body, _MANIFEST, ())
            system, architecture, *variant = platform.split("/")
            where = {"os": system, "architecture": architecture} | ({"variant": variant[0]} if variant else {})
            members.append({"mediaType": _MANIFEST, "digest": digest, "size": len(body), "platform": where})
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": members}
        return self._put(name, json.dumps(index).encode(), _INDEX, tags)

    def push_chart(self, name: str, tag: str) -> str:
        """What is no image: an artifact whose configuration is no image's."""
        config = self._blob(name, b"name: web\n")
        body = {"schemaVersion": 2, "mediaType": _MANIFEST, "layers": [self._blob(name, _LAYER)],
                "config": config | {"mediaType": "application/vnd.cncf.helm.config.v1+json"}}  # fmt: skip
        return self._put(name, json.dumps(body).encode(), _MANIFEST, (tag,))

    def _image(self, name: str, created: str, platform: str, labels: Mapping[str, str]) -> bytes:
        system, architecture, *variant = platform.split("/")
        config: dict[str, Any] = {"created": created, "os": system, "architecture": architecture}
        config |= {"variant": variant[0]} if variant else {}
        config |= {"config": {"Labels": dict(labels)}, "rootfs": {"type": "layers", "diff_ids": []}}
        content = self._blob(name, json.dumps(config).encode()) | {"mediaType": _CONFIG}
        layer = self._blob(name, _LAYER) | {"mediaType": "application/vnd.oci.image.layer.v1.tar"}
        manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": content, "layers": [layer]}
        return json.dumps(manifest).encode()

    def _blob(self, name: str, content: bytes) -> dict[str, Any]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if (name, digest) not in self._held:
            begun = self._ask("POST", f"/v2/{name}/blobs/uploads/")
            place = begun.headers["Location"]
            self._ask("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", content)
            self._held.add((name, digest))
        return {"digest": digest, "size": len(content)}

    def _put(self, name: str, body: bytes, kind: str, tags: Sequence[str]) -> str:
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        for reference in tags or (digest,):
            self._ask("PUT", f"/v2/{name}/manifests/{reference}", body, {"Content-Type": kind})
        return digest

    def _ask(
        self, method: str, place: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        url = place if "://" in place else f"http://{self.host}{place}"
        sent = {"Content-Type": "application/octet-stream", **self.login, **(headers or {})}
        answer = self.pool.request(method, url, body=body, headers=sent, retries=False, timeout=30.0)
        assert answer.status < 300, (method, place, answer.status, answer.data)
        return answer


@contextmanager
def real_registry(
    directory: Path, *, asks: bool = False, tells: tuple[str, str] | None = None
) -> Iterator[RealRegistry]:
    """An empty registry until the block ends; with `asks` it wants the user and password above for everything.

    `tells` is an address that it posts its events to, and what it shows there as `Authorization`.
    """
    program, port = ensure(("registrykit",), print)["registrykit"], free_port()
    config: dict[str, Any] = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"inmemory": {}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    directory.mkdir(parents=True, exist_ok=True)
    if asks:
        (directory / "htpasswd").write_text(_HTPASSWD)
        config["auth"] = {"htpasswd": {"realm": "tests", "path": str(directory / "htpasswd")}}
    if tells is not None:
        endpoint = {"name": "tests", "url": tells[0], "headers": {"Authorization": [tells[1]]}}
        config["notifications"] = {"endpoints": [endpoint | {"timeout": "5s", "threshold": 5, "backoff": "1s"}]}
    file = directory / "registry.json"
    file.write_text(json.dumps(config))
    basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    login = {"Authorization": f"Basic {basic}"} if asks else {}
    with Processes(directory / "log") as processes:
        processes.start("registry", [program, "serve", file])
        wait_for_port(port, "the registry", timeout=30)
        registry = RealRegistry(f"127.0.0.1:{port}", login)
        yield registry
        registry.pool.clear()
