"""The whole stack on one machine: cluster, AWS, git and Mooring, started together and ended together.

`Stack` is what the demo, the tests and the benchmark use, and `python -m local up` with somebody watching. A stack
takes free ports and keeps everything in one folder, so several run side by side. It begins with an empty cluster
and empty tables, because both are gone when it ends; repositories under `git` stay, because somebody may have pushed
work there.

A stack that started is complete: the cluster is registered through Mooring's own API and the webhook answers. Only then
does `stack.json` say where everything is; it goes away first of all when the stack ends. Nothing outlives it: whoever
is killed, the kernel ends the rest.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import urlsplit

from local import aws
from local.cluster import CONTROL_PLANE, WORKLOADS, AuditSink, Cluster
from local.processes import Processes, StartError, free_port, wait_for_http, wait_until
from local.tlsfront import TlsFront
from local.tools import ensure

__all__ = ["Options", "Place", "Report", "Stack"]

_ROOT = Path(__file__).resolve().parent.parent
_REGION = "eu-central-1"
_SHIPPED = ("helm", "kustomize", "gokit", "sopskit")
_TEMPLATE = _ROOT / "template.yaml"
_READY = 60.0

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How a stack should be; times in seconds, None for what the template says, port 0 for any.

    `concurrency` is the most instances of each function. `visibility` overrides how long a message of a function that
    died stays hidden. With `audit` the API server posts its audit events to Mooring. `parameters` are the template's.
    """

    directory: Path = Path(".local")
    template: Path = _TEMPLATE
    kubeconfig: Path | None = None
    workloads: bool = True
    sweep: float | None = None
    visibility: int | None = None
    concurrency: int = 2
    idle: float = 300.0
    port: int = 0
    git_port: int = 0
    audit: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something answers, and what to show it."""

    url: str
    secret: str = field(repr=False)


class Stack:
    """A running stack. `mooring.secret` is the API's bearer token, `webhook.secret` what GitHub would sign with.

    `endpoint` is where AWS answers, and `resources` what `!Ref` of each of the template's resources means there.
    `tools` are the programs that were found or built, by name.
    """

    def __init__(self, options: Options, report: Report) -> None:
        self.directory = options.directory.absolute()
        self.file = self.directory / "stack.json"
        self.tools: Mapping[str, Path] = {}
        self.resources: Mapping[str, str] = {}
        self._options = options
        self._audit: AuditSink | None = None
        self._report = report
        self._closing = contextlib.ExitStack()

    @classmethod
    def start(cls, options: Options | None = None, report: Report = print) -> Self:
        """Start everything and return once it answers. Raises `StartError`, `BuildError` or `AccessError`.

        `report` is told in a line what goes on. Takes some 10 s once the tools are there.
        """
        stack = cls(options or Options(), report)
        try:
            stack._start()
        except BaseException:
            stack.stop()
            raise
        return stack

    def stop(self) -> None:
        """End every process that was started and give back every port. Safe to call twice."""
        self._closing.close()

    def watch(self) -> None:
        """Return never; raises `StartError` as soon as a process of the stack has ended by itself."""
        while True:
            for process in self.processes:
                if not process.alive():
                    code = process.popen.returncode
                    raise StartError(f"{process.name} ended with {code}; its log {process.log} ends:\n{process.tail()}")
            for name, pid in self.cluster.pids.items():
                if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                    raise StartError(f"{name} ended by itself; see {self.directory}/cluster/logs/{name}.log")
            time.sleep(0.5)

    @property
    def pids(self) -> dict[str, Any]:
        """Process ids: the runner's, whose descendants are the function instances, and lists of the others'."""
        started = self.processes.pids
        emulators = [pid for name, pid in started.items() if name != "runner"]
        return {"runner": started["runner"], "emulators": emulators, "cluster": list(self.cluster.pids.values())}

    @property
    def description(self) -> dict[str, Any]:
        """What `stack.json` holds."""
        cluster = {
            "kubeconfig": str(self.cluster.kubeconfig),
            "server": self.cluster.server,
            "token": self.cluster.token,
        }
        return {
            "cluster": cluster,
            "mooring": {"url": self.mooring.url, "token": self.mooring.secret},
            "webhook": {"url": self.webhook.url, "secret": self.webhook.secret},
            "git": {"url": self.git_url, "root": str(self.git_root)},
            "pids": self.pids,
        }

    def client(self, service: str) -> Any:
        """A boto3 client of the stack's AWS."""
        import boto3

        session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=_REGION)
        return session.client(service, endpoint_url=self.endpoint)  # type: ignore[call-overload]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        options = self._options
        # Built before the folder is taken: that may last minutes, and changes nothing in it.
        self.tools = ensure(_needed(options), self._report)
        self._closing.enter_context(_only_one(self.directory))
        self._clear()
        self._report("starting the cluster, AWS, git and the runner")
        self.processes = Processes(self.directory / "logs")
        self._closing.callback(self.processes.stop)
        if options.audit and options.kubeconfig is None:
            server = f"https://127.0.0.1:{free_port()}/api/audit/in-cluster"
            self._audit = AuditSink(server, secrets.token_urlsafe(32))
        with ThreadPoolExecutor(1) as aside:
            # The cluster takes the longest, and nothing else needs it yet.
            starting = aside.submit(self._start_cluster)
            try:
                self._start_aws()
                self._start_git()
                self._start_runner()
            finally:
                self.cluster = starting.result()
                self._closing.callback(self.cluster.stop)
        self._report("registering the cluster")
        self._register()
        wait_for_http(self.git_url, "git", watch=self.processes)
        wait_until(self._webhook_answers, "the webhook", timeout=_READY, watch=self.processes)
        self._closing.callback(self.file.unlink, missing_ok=True)
        _write(self.file, self.description)

    def _clear(self) -> None:
        for name in ("bin", "cluster", "logs", "tmp"):
            shutil.rmtree(self.directory / name, ignore_errors=True)
        for name in ("stack.json", "runner.json", "invocations.jsonl"):
            (self.directory / name).unlink(missing_ok=True)

    def _start_cluster(self) -> Cluster:
        if self._options.kubeconfig is not None:
            return Cluster.from_kubeconfig(self._options.kubeconfig)
        directory = self.directory / "cluster"
        return Cluster.start(directory, self.tools, workloads=self._options.workloads, audit=self._audit)

    def _start_aws(self) -> None:
        port = free_port()
        self.processes.start("aws", aws.command(port), cwd=_ROOT)
        self.endpoint = f"http://127.0.0.1:{port}"
        wait_for_http(f"{self.endpoint}/moto-api/", "AWS", watch=self.processes)

    def _start_git(self) -> None:
        self.git_root = self.directory / "git"
        self.git_root.mkdir(exist_ok=True)
        port = self._options.git_port or free_port()
        command = [sys.executable, "-m", "local.githttp", "--root", str(self.git_root), "--port", str(port)]
        self.processes.start("git", command, cwd=_ROOT)
        self.git_url = f"http://127.0.0.1:{port}"

    def _start_runner(self) -> None:
        options = self._options
        command: list[str | Path] = [sys.executable, "-m", "local.runner", "--directory", self.directory]
        command += ["--template", options.template, "--library", options.template.parent / "shared"]
        command += ["--endpoint", self.endpoint, "--region", _REGION, "--tools", self._link_tools()]
        command += ["--port", str(options.port), "--concurrency", str(options.concurrency), "--idle", str(options.idle)]
        for name, value in (("--sweep", options.sweep), ("--visibility", options.visibility)):
            command += [] if value is None else [name, str(value)]
        # Whoever starts a stack here has its token in a file, so a browser may get in with it.
        own = {"LocalLogin": "true"} if options.template == _TEMPLATE else {}
        for parameter, text in (own | dict(options.parameters)).items():
            command += ["--parameter", f"{parameter}={text}"]
        self.processes.start("runner", command, cwd=_ROOT)
        ready = self.directory / "runner.json"
        wait_until(ready.exists, "the runner", timeout=_READY, watch=self.processes)
        told = json.loads(ready.read_text())
        self.resources = told["resources"]
        kept = self.client("secretsmanager")
        self.mooring = Place(told["url"], self._secret(kept, "ApiTokenSecret", "token"))
        self.webhook = Place(f"{told['url']}/api/webhook", self._secret(kept, "WebhookSecret", "github"))

    def _secret(self, kept: Any, logical_id: str, key: str) -> str:
        text = kept.get_secret_value(SecretId=self.resources[logical_id])["SecretString"]
        return str(json.loads(text)[key])

    def _link_tools(self) -> Path:
        """A folder with the programs of the tools layer and git, and with nothing else of this machine."""
        folder = self.directory / "bin"
        folder.mkdir()
        git = shutil.which("git")
        for name in _SHIPPED:
            (folder / name).symlink_to(self.tools[name])
        if git:
            (folder / "git").symlink_to(git)
        return folder

    def _register(self) -> None:
        body = {"server": self.cluster.server, "default": True, "config": _credentials(self.cluster)}
        url = f"{self.mooring.url}/api/v1/clusters/in-cluster"
        self._put(url, body)
        if self._audit is not None:
            self._put(f"{url}/audit-webhook", {"token": self._audit.token})
            port, keys = urlsplit(self._audit.server).port or 0, self.directory / "cluster"
            front = TlsFront(port, keys / "apiserver.crt", keys / "apiserver.key", self.mooring.url)
            self._closing.callback(front.stop)

    def _put(self, url: str, body: Mapping[str, Any]) -> None:
        status, answer = _ask("PUT", url, body, {"Authorization": f"Bearer {self.mooring.secret}"})
        if status not in (200, 201, 204):
            log = self.directory / "logs" / "api.log"
            raise StartError(f"the cluster can't be registered: PUT {url}: {status} {answer}; see {log}")

    def _webhook_answers(self) -> bool:
        # Unsigned, so it is refused: by a function that works.
        return 400 <= _ask("POST", self.webhook.url, {}, {})[0] < 500


def _needed(options: Options) -> tuple[str, ...]:
    if options.kubeconfig is not None:
        return _SHIPPED
    return (*CONTROL_PLANE, *(WORKLOADS if options.workloads else ()), "kubectl", *_SHIPPED)


@contextlib.contextmanager
def _only_one(directory: Path) -> Iterator[IO[str]]:
    """Hold the folder for this stack. Raises `StartError` if another one runs in it."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "stack.lock").open("a") as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartError(f"a stack runs in {directory} already; end it, or choose another --directory") from error
        yield guard


def _credentials(cluster: Cluster) -> dict[str, Any]:
    """The cluster's access in the shape of Argo CD's cluster secrets (its page "Declarative Setup", "Clusters")."""
    access = cluster.access
    tls = {"caData": access.ca_data, "certData": access.client_certificate, "keyData": access.client_key}
    if access.token:
        del tls["certData"], tls["keyData"]
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in tls.items() if text}
    return {**({"bearerToken": access.token} if access.token else {}), "tlsClientConfig": encoded}


def _ask(method: str, url: str, body: Any, headers: Mapping[str, str]) -> tuple[int, str]:
    """The status and the text of an answer; status 0 when nobody answers. Goes through no proxy."""
    request = urllib.request.Request(url, json.dumps(body).encode(), dict(headers), method=method)
    request.add_header("Content-Type", "application/json")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=35) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON that only we may read, whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    draft.replace(path)
