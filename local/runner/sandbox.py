"""What the instances of one runner have in common: their Python, their tools, their AWS, and the box around them.

The environment is made from nothing, as Lambda makes it, so that no setting of the shell that started the stack decides
whether a function works. The exception is the machine's own way to the internet (proxies, certificate authorities):
a cloud has none of its own, and a laptop in an office needs it.

Rule: AWS Lambda Developer Guide, "Defined runtime environment variables".
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from local.runner.functions import Function

__all__ = ["Sandbox", "open_sandbox"]

_BOX = Path(__file__).with_name("box.py")
_WAY_OUT = ("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_LOOPBACK = "127.0.0.1,localhost"
_SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How instances are started. `mode` says what keeps them apart: `root` or `user` namespaces, or `none`."""

    mode: str
    directory: Path
    endpoint: str
    region: str
    libraries: tuple[Path, ...]
    path: tuple[Path, ...]
    visible: tuple[str, ...]
    outside: Mapping[str, str]
    services: Mapping[str, str] = field(default_factory=dict)
    # The promise that a child dies with its parent is bound to the parent's thread, so one thread starts them all.
    starter: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "starter"))

    def private(self, name: str) -> Path:
        """The folder that an instance will see as `/tmp`."""
        return self.directory / "tmp" / name

    def environment(self, function: Function, name: str, address: str) -> dict[str, str]:
        """The environment of an instance whose Runtime API is at `address`."""
        fixed = {
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": f"local/[$LATEST]{name}",
            "AWS_LAMBDA_RUNTIME_API": address,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_SESSION_TOKEN": "local",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
            "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
            "HOME": "/home/sbx_user1051",
            "LAMBDA_TASK_ROOT": str(function.code),
            "LANG": "C.UTF-8",
            "PATH": os.pathsep.join(map(str, (*self.path, *_SYSTEM_PATH))),
            "PYTHONPATH": os.pathsep.join(map(str, (function.code, *self.libraries))),
            "TZ": ":UTC",
            "_HANDLER": function.handler,
        }
        fixed |= {f"AWS_ENDPOINT_URL_{service}": url for service, url in self.services.items()}
        if function.json_logs:
            fixed |= {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}
        if self.mode == "none":
            fixed["TMPDIR"] = str(self.private(name))
        return {**self.outside, **function.environment, **fixed}

    def start(self, function: Function, name: str, address: str, log: int) -> subprocess.Popen[bytes]:
        """Start an instance's process, the head of a process group of its own, with its output in `log`."""
        return self.starter.submit(self._start, function, name, address, log).result(60)

    def _start(self, function: Function, name: str, address: str, log: int) -> subprocess.Popen[bytes]:
        self.private(name).mkdir(parents=True)
        settings = {
            "code": [str(path) for path in (function.code, *self.libraries)],
            "directory": str(function.code),
            "mode": self.mode,
            "parent": os.getpid(),
            "private": str(self.private(name)),
            "visible": self.visible,
        }
        box = [sys.executable, "-I", "-S", str(_BOX), json.dumps(settings)]
        return subprocess.Popen(
            [*box, sys.executable, "-m", "awslambdaric", function.handler],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=self.environment(function, name, address),
            cwd=function.code,
            start_new_session=True,
        )


def open_sandbox(
    directory: Path,
    endpoint: str,
    region: str,
    libraries: Sequence[Path],
    tools: Sequence[Path],
    functions: Sequence[Function],
    surroundings: Mapping[str, str],
    services: Mapping[str, str] | None = None,
) -> Sandbox:
    """A sandbox whose instances keep what they write below `directory`; finds out what this machine allows.

    `surroundings` is the environment of the runner itself, of which only the way to the internet is passed on;
    `services` are the services of AWS that have an address of their own here, as botocore's variables name them.
    """
    probe = [sys.executable, "-I", "-S", str(_BOX), "--probe"]
    mode = subprocess.run(probe, check=True, capture_output=True, text=True, timeout=30).stdout.strip()
    outside = {name: surroundings[name] for name in _WAY_OUT if surroundings.get(name)}
    if any(name.lower().endswith("_proxy") for name in outside):
        beyond = surroundings.get("NO_PROXY") or surroundings.get("no_proxy") or ""
        outside["NO_PROXY"] = outside["no_proxy"] = ",".join(filter(None, (_LOOPBACK, beyond)))
    needed = [*libraries, *tools, *(function.code for function in functions), Path(sys.prefix), Path(sys.base_prefix)]
    needed += [Path(value).parent for name, value in outside.items() if name in ("SSL_CERT_FILE", "GIT_SSL_CAINFO")]
    return Sandbox(
        mode=mode,
        directory=directory,
        endpoint=endpoint,
        region=region,
        libraries=tuple(libraries),
        path=tuple(tools),
        visible=_below_tmp(needed, tools),
        outside=outside,
        services=services or {},
    )


def _below_tmp(needed: Sequence[Path], tools: Sequence[Path]) -> tuple[str, ...]:
    """The folders that a private `/tmp` would hide: those needed, and those that the tools' links lead to."""
    linked = [link.resolve().parent for folder in tools if folder.is_dir() for link in folder.iterdir()]
    paths = {str(path) for path in (*needed, *(path.resolve() for path in needed), *linked)}
    below = sorted(path for path in paths if path.startswith("/tmp/") and os.path.isdir(path))
    # A folder inside another one that is listed comes with it.
    return tuple(path for path in below if not any(path.startswith(f"{other}/") for other in below))
