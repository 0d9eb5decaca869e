"""The command lines of a local control plane: what differs from the defaults, and why.

Durability, leader election, profiling and a second copy of anything are off: this cluster lives for one demo or one
test run, and what it spends on them is missing from what is measured. Everything that decides how a client is answered
(admission, priority and fairness, RBAC, validation) stays as it is in a real cluster.
"""

from __future__ import annotations

from pathlib import Path

from local.cluster.certificates import Keys

__all__ = ["AUDIT_POLICY", "api_server", "controllers", "etcd", "kwok", "scheduler"]

AUDIT_POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
"""

# Controllers whose work shows in an application's health or that clean up after one. Left out is what watches machines
# (nodes here don't fail), what talks to a cloud, and what issues certificates.
_CONTROLLERS = (
    "cronjob-controller",
    "daemonset-controller",
    "deployment-controller",
    "disruption-controller",
    "endpointslice-controller",
    "garbage-collector-controller",
    "horizontal-pod-autoscaler-controller",
    "job-controller",
    "namespace-controller",
    "pod-garbage-collector-controller",
    "replicaset-controller",
    "replicationcontroller-controller",
    "resourcequota-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "statefulset-controller",
    "ttl-after-finished-controller",
    "clusterrole-aggregation-controller",
    "persistentvolume-binder-controller",
    "persistentvolumeclaim-protection-controller",
)


def etcd(program: Path, data: Path, client: int, peer: int) -> list[str]:
    """One member that never waits for a disk."""
    here, others = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    return [
        str(program),
        f"--data-dir={data}",
        f"--listen-client-urls={here}",
        f"--advertise-client-urls={here}",
        f"--listen-peer-urls={others}",
        f"--initial-advertise-peer-urls={others}",
        f"--initial-cluster=default={others}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(
    program: Path,
    port: int,
    etcd_port: int,
    keys: Keys,
    directory: Path,
    *,
    workloads: bool,
    tokens: Path,
    audit_webhook: Path | None = None,
) -> list[str]:
    """The API server; its audit log and policy lie in `directory`. `audit_webhook` is where it posts the log, too."""
    # Without a controller that makes service accounts and their tokens, no pod could be created: nothing to admit.
    without_accounts = [] if workloads else ["ServiceAccount"]
    # Fresh nodes are tainted as not ready, and the controller that takes the taint away does not run here.
    disabled = ",".join([*without_accounts, "TaintNodesByCondition"])
    return [
        str(program),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--tls-cert-file={keys.certificate}",
        f"--tls-private-key-file={keys.key}",
        f"--cert-dir={directory}",
        f"--client-ca-file={keys.authority}",
        f"--token-auth-file={tokens}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={keys.account_public_key}",
        f"--service-account-signing-key-file={keys.account_key}",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--allow-privileged",
        "--kubelet-preferred-address-types=InternalIP",  # nobody knows nodes by their names here
        f"--disable-admission-plugins={disabled}",
        f"--audit-policy-file={directory / 'audit-policy.yaml'}",
        f"--audit-log-path={directory / 'audit.jsonl'}",
        "--audit-log-maxsize=0",
        "--endpoint-reconciler-type=none",
        "--event-ttl=10m",
        "--profiling=false",
        "--shutdown-delay-duration=0s",
        *([] if audit_webhook is None else _posting(audit_webhook)),
    ]


def _posting(config: Path) -> list[str]:
    # Batches that wait as long as a person does; a real cluster's default is 30 s, and 10 s before the second try.
    return [
        f"--audit-webhook-config-file={config}",
        "--audit-webhook-mode=batch",
        "--audit-webhook-batch-max-wait=200ms",
        "--audit-webhook-initial-backoff=500ms",
    ]


def controllers(program: Path, kubeconfig: Path, keys: Keys) -> list[str]:
    """kube-controller-manager without a port and without the limits that protect a shared API server."""
    return [
        str(program),
        f"--kubeconfig={kubeconfig}",
        f"--controllers={','.join(_CONTROLLERS)}",
        f"--service-account-private-key-file={keys.account_key}",
        f"--root-ca-file={keys.authority}",
        "--allocate-node-cidrs=false",
        "--leader-elect=false",
        "--secure-port=0",
        "--profiling=false",
        "--kube-api-qps=1000",
        "--kube-api-burst=2000",
        "--horizontal-pod-autoscaler-sync-period=2s",  # 15 s by default; there are no metrics, so it only keeps bounds
    ]


def scheduler(program: Path, configuration: Path, kubeconfig: Path) -> list[str]:
    """kube-scheduler; writes the file that its settings have to be in."""
    configuration.write_text(_SCHEDULER.format(kubeconfig=kubeconfig))
    return [str(program), f"--config={configuration}", "--secure-port=0"]


_SCHEDULER = """apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {{kubeconfig: "{kubeconfig}", qps: 1000, burst: 2000}}
leaderElection: {{leaderElect: false}}
enableProfiling: false
enableContentionProfiling: false
podInitialBackoffSeconds: 1
"""


def kwok(program: Path, kubeconfig: Path, stages: Path) -> list[str]:
    """Kwok playing every node and the pods on them, by our stages, without leases: nobody looks for a heartbeat."""
    return [
        str(program),
        f"--kubeconfig={kubeconfig}",
        f"--config={stages}",
        "--manage-all-nodes",
        "--node-lease-duration-seconds=0",
        "--node-port=0",
    ]
