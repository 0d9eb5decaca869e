"""Starting a local cluster in the order that takes the least time, and ending it without a trace.

The API server, its etcd and the controllers are all started at once and each waits for what it needs, because every
one of them spends most of its start on itself. What is returned is ready: the API server answers, and with workloads
the nodes are ready and the first service account exists, so nothing that a caller creates has to wait for the cluster.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from local.cluster import servers
from local.cluster.access import Access, read_kubeconfig, write_kubeconfig
from local.cluster.certificates import Keys, issue
from local.cluster.client import Client, issue_token
from local.cluster.kubelet import LogServer
from local.processes import Processes, StartError, free_port, wait_for_port, wait_until

__all__ = ["CONTROL_PLANE", "WORKLOADS", "AuditSink", "Cluster"]

CONTROL_PLANE = ("etcd", "kube-apiserver")
WORKLOADS = ("kube-controller-manager", "kube-scheduler", "kwok")
"""The tools that each size of cluster needs; the large one needs both."""

_STAGES = Path(__file__).parent / "stages.yaml"
_NODES = ("node-1", "node-2")
_CLASS = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {
        "name": "standard",
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": "mooring.dev/local",
}
# The users behind the tokens: named as in any cluster, so that the audit log reads the same, but administrators. They
# start while the API server still writes its first roles, and would wait a second for every refusal.
_USERS = {
    "kube-controller-manager": "system:kube-controller-manager",
    "kube-scheduler": "system:kube-scheduler",
    "kwok": "system:node:kwok",
}


@dataclass(frozen=True, slots=True)
class AuditSink:
    """Where an API server posts its audit events: an https address of this machine, and the token that it shows there.

    The address needs a certificate of the cluster's own authority. `policy` replaces the one that logs everything.
    """

    server: str
    token: str = field(repr=False)
    policy: str = servers.AUDIT_POLICY


class Cluster:
    """One API server that can be used, and, if we started it, the processes behind it.

    `server` is an https address; `token` an administrator's bearer token (None where a kubeconfig has none);
    `kubeconfig` and `ca_file` are files that say the same; `audit_log` has one JSON event a line, and is None for a
    cluster that somebody else runs. `logs` is what containers write, where pods seem to run.
    """

    def __init__(
        self,
        access: Access,
        kubeconfig: Path,
        ca_file: Path | None,
        audit_log: Path | None,
        processes: Processes | None,
    ) -> None:
        self.access = access
        self.kubeconfig = kubeconfig
        self.ca_file = ca_file
        self.audit_log = audit_log
        self.client = Client(access)
        self.logs: LogServer | None = None
        self._processes = processes

    @classmethod
    def start(
        cls,
        directory: Path,
        tools: Mapping[str, Path],
        *,
        workloads: bool = True,
        admin_token: str | None = None,
        audit: AuditSink | None = None,
    ) -> Self:
        """Start an empty cluster whose files and logs lie in `directory`, and return once it is ready.

        What an earlier cluster left in that folder is removed.
        `tools` holds what `CONTROL_PLANE` names, and `WORKLOADS` if wanted. Raises `StartError` with the end of the log
        of what failed, after ending the rest; `KeyError` for a tool that is missing.
        """
        needed = (*CONTROL_PLANE, *(WORKLOADS if workloads else ()))
        if missing := [name for name in needed if name not in tools]:
            raise KeyError(", ".join(missing))
        directory = directory.absolute()
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory.chmod(0o700)
        for left in ("etcd", "logs"):
            shutil.rmtree(directory / left, ignore_errors=True)
        (directory / "audit.jsonl").unlink(missing_ok=True)
        processes = Processes(directory / "logs")
        try:
            return cls._start(
                directory,
                tools,
                processes,
                workloads,
                admin_token or secrets.token_hex(16),
                audit,
            )
        except BaseException:
            processes.stop()
            raise

    @classmethod
    def _start(
        cls,
        directory: Path,
        tools: Mapping[str, Path],
        processes: Processes,
        workloads: bool,
        token: str,
        audit: AuditSink | None,
    ) -> Self:
        keys = issue(directory, ("127.0.0.1",))
        port, store, peer = free_port(), free_port(), free_port()
        access = Access(f"https://127.0.0.1:{port}", keys.authority.read_text(), token)
        kubeconfig = write_kubeconfig(directory / "kubeconfig", access)
        tokens = {name: secrets.token_hex(16) for name in _USERS}
        (directory / "audit-policy.yaml").write_text(audit.policy if audit else servers.AUDIT_POLICY)
        token_file = _write_tokens(directory / "tokens.csv", token, tokens)
        webhook = None
        if audit is not None:
            sink = Access(audit.server, keys.authority.read_text(), audit.token)
            webhook = write_kubeconfig(directory / "audit-webhook.kubeconfig", sink)
        cluster = cls(access, kubeconfig, keys.authority, directory / "audit.jsonl", processes)

        processes.start(
            "etcd",
            servers.etcd(tools["etcd"], directory / "etcd", store, peer),
            cwd=directory,
        )
        wait_for_port(store, "etcd", watch=processes)
        command = servers.api_server(
            tools["kube-apiserver"],
            port,
            store,
            keys,
            directory,
            workloads=workloads,
            tokens=token_file,
            audit_webhook=webhook,
        )
        processes.start("kube-apiserver", command, cwd=directory)
        if workloads:
            cluster.logs = LogServer(keys.certificate, keys.key)
            identities = {
                name: write_kubeconfig(directory / f"{name}.kubeconfig", replace(access, token=secret))
                for name, secret in tokens.items()
            }
            wait_for_port(port, "kube-apiserver", timeout=60, watch=processes)
            _start_workloads(processes, tools, directory, keys, identities)
        cluster._wait(processes, workloads)
        return cluster

    @classmethod
    def from_kubeconfig(cls, path: Path) -> Self:
        """A cluster that is there already, as a kubeconfig's current context describes it. Raises `AccessError`."""
        return cls(read_kubeconfig(path), path.absolute(), None, None, None)

    @property
    def server(self) -> str:
        """The API server's address."""
        return self.access.server

    @property
    def ca_data(self) -> str:
        """The authority's certificate in PEM."""
        return self.access.ca_data

    @property
    def token(self) -> str | None:
        """An administrator's bearer token, where there is one."""
        return self.access.token

    def bearer(self) -> str:
        """An administrator's bearer token: the one there is, or one asked for with the client certificate.

        The cluster issues it to a service account `mooring-local` in kube-system, which is created for this, for a day
        or as long as it allows. Raises `AccessError` when the cluster refuses. See the page "Managing Service Accounts"
        of the Kubernetes documentation (TokenRequest).
        """
        return self.access.token or issue_token(self.client)

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each part that we started, by the tool's name."""
        return self._processes.pids if self._processes else {}

    def stop(self) -> None:
        """End what we started; an existing cluster is left as it is. Safe to call twice."""
        self.client.close()
        if self.logs:
            self.logs.close()
        if self._processes:
            # In reverse order of their start: nobody loses the server that they would wait for.
            self._processes.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait(self, processes: Processes, workloads: bool) -> None:
        wait_until(
            lambda: self.client("GET", "/readyz")[0] == 200,
            "kube-apiserver",
            timeout=60,
            watch=processes,
        )
        # The namespace `default` is made by the API server itself, shortly after it says that it is ready.
        first = "/api/v1/namespaces/default" + ("/serviceaccounts/default" if workloads else "")
        if workloads:
            self._create_nodes()
        wait_until(
            lambda: self.client("GET", first)[0] == 200,
            first,
            timeout=60,
            watch=processes,
        )
        if workloads:
            wait_until(self._nodes_ready, "kwok's nodes", timeout=60, watch=processes)

    def _create_nodes(self) -> None:
        for name in _NODES:
            labels = {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "type": "kwok",
            }
            node = {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": name, "labels": labels},
                "status": {"daemonEndpoints": {"kubeletEndpoint": {"Port": self.logs.port}}} if self.logs else {},
            }
            self._create("/api/v1/nodes", node)
        self._create("/apis/storage.k8s.io/v1/storageclasses", _CLASS)

    def _create(self, path: str, manifest: object) -> None:
        status, answer = self.client("POST", path, manifest)
        if status not in (201, 409):
            raise StartError(f"POST {path}: {status} {answer}")

    def _nodes_ready(self) -> bool:
        status, nodes = self.client("GET", "/api/v1/nodes")
        return status == 200 and all(node["status"].get("phase") == "Running" for node in nodes["items"])


def _start_workloads(
    processes: Processes,
    tools: Mapping[str, Path],
    directory: Path,
    keys: Keys,
    identities: Mapping[str, Path],
) -> None:
    manager = servers.controllers(tools["kube-controller-manager"], identities["kube-controller-manager"], keys)
    processes.start("kube-controller-manager", manager, cwd=directory)
    configuration = directory / "scheduler.yaml"
    scheduler = servers.scheduler(tools["kube-scheduler"], configuration, identities["kube-scheduler"])
    processes.start("kube-scheduler", scheduler, cwd=directory)
    processes.start("kwok", servers.kwok(tools["kwok"], identities["kwok"], _STAGES), cwd=directory)


def _write_tokens(path: Path, admin: str, components: Mapping[str, str]) -> Path:
    lines = [f'{admin},mooring-admin,mooring-admin,"system:masters"']
    lines += [f'{token},{_USERS[name]},{_USERS[name]},"system:masters"' for name, token in components.items()]
    path.touch(0o600)
    path.write_text("\n".join(lines) + "\n")
    return path
