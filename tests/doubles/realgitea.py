"""A real Gitea on loopback, with its own sqlite and git, for what only a real code host can be wrong about.

It is built from the Go module proxy without its web pages, which the API does without; what it reads at start (licences,
words, templates) is in its module's folder.
"""

from __future__ import annotations

import base64
import getpass
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from local.golang import gocommand
from local.processes import Processes, free_port, wait_for_http
from local.tools import ensure, has_c_compiler

__all__ = ["RealGitea", "real_gitea"]

_MODULE = Path(__file__).parents[2] / "local" / "tools" / "gitea"
_PASSWORD = "correct horse battery"  # noqa: S105 (of a server that lives as long as a test)


@dataclass(slots=True)
class RealGitea:
    """Where it is, and the access token of each user."""

    url: str
    tokens: dict[str, str]
    pool: urllib3.PoolManager

    def ask(self, method: str, path: str, body: Any = None, *, by: str = "ada") -> Any:
        """One request below `/api/v1`, as a user; its answer, None for an empty one."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {self.tokens[by]}", "Content-Type": "application/json"}
        answer = self.pool.request(method, f"{self.url}/api/v1{path}", body=content, headers=headers, retries=False)
        assert answer.status < 300, (method, path, answer.status, answer.data)
        return json.loads(answer.data) if answer.data else None

    def repository(self, name: str) -> str:
        """A new repository of ada's, with a first commit on main, where the others may write; its address."""
        self.ask("POST", "/user/repos", {"name": name, "auto_init": True, "default_branch": "main"})
        for user in self.tokens.keys() - {"ada"}:
            self.ask("PUT", f"/repos/ada/{name}/collaborators/{user}", {"permission": "write"})
        return f"{self.url}/ada/{name}.git"

    def branch(self, name: str, branch: str, *, by: str = "ada") -> None:
        """A commit on a new branch."""
        body = {
            "content": base64.b64encode(f"{branch}\n".encode()).decode(),
            "message": f"add {branch}",
            "branch": "main",
            "new_branch": branch,
        }
        self.ask("POST", f"/repos/ada/{name}/contents/{branch}.txt", body, by=by)


@contextmanager
def real_gitea(directory: Path) -> Iterator[RealGitea]:
    """A server with the users ada (who may do everything), bert and cleo, until the block ends.

    Without a C compiler there can be none, and the test is skipped (`.ci/run` installs one).
    """
    if not has_c_compiler():
        pytest.skip("Gitea's sqlite takes a C compiler: install gcc and libc6-dev")
    program, port = ensure(("gitea",), print)["gitea"], free_port()
    url, settings = f"http://127.0.0.1:{port}", directory / "app.ini"
    settings.write_text(_settings(directory, port, url))
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "GITEA_WORK_DIR": str(directory / "work")}
    tokens: dict[str, str] = {}
    with Processes(directory) as processes:
        server = processes.start("gitea", [program, "web", "-c", settings], env=environment)
        wait_for_http(f"{url}/api/healthz", "gitea", timeout=60, watch=[server])
        for user in ("ada", "bert", "cleo"):
            made = subprocess.run(
                [
                    *(program, "admin", "user", "create", "-c", settings, "--username", user, "--password", _PASSWORD),
                    *("--email", f"{user}@example.com", "--must-change-password=false", "--access-token"),
                    *(["--admin"] if user == "ada" else []),
                ],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
                timeout=60,
            )
            tokens[user] = made.stdout.split()[-1]
        with urllib3.PoolManager() as pool:
            yield RealGitea(url, tokens, pool)


def _settings(directory: Path, port: int, url: str) -> str:
    return f"""
RUN_MODE = prod
RUN_USER = {getpass.getuser()}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
STATIC_ROOT_PATH = {_folder()}
APP_DATA_PATH = {directory / "data"}
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = {url}/
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = {directory / "gitea.db"}
[security]
INSTALL_LOCK = true
SECRET_KEY = of-a-test
INTERNAL_TOKEN = of-a-test-that-is-long-enough-to-be-taken-for-one
[repository]
ROOT = {directory / "repositories"}
[log]
MODE = console
LEVEL = Warn
[webhook]
ALLOWED_HOST_LIST = *
[api]
MAX_RESPONSE_ITEMS = 2
"""


def _folder() -> str:
    """Where the sources of the Gitea that was built lie; fetched where they are gone."""
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off"}
    command = [gocommand(print), "mod", "download", "-json", "code.gitea.io/gitea"]
    done = subprocess.run(command, cwd=_MODULE, env=environment, check=True, capture_output=True, timeout=300)
    return str(json.loads(done.stdout)["Dir"])
