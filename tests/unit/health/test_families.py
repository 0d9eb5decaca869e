"""Our own rules for widely used custom resources, on statuses shaped like real ones."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.health import Health, Status, assess, has_rule
from mooring.health.conditions import UNSEEN

Case = tuple[str, dict[str, Any], tuple[Status, str]]


def says(kind: str, status: str = "True", message: str = "", **more: Any) -> dict[str, Any]:
    return {"type": kind, "status": status, "message": message, **more}


def conditions(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"status": {"conditions": list(entries), **more}}


CERT = "cert-manager.io/v1/Certificate"
CERT_MANAGER: list[Case] = [
    (CERT, {}, ("Progressing", "Waiting for the certificate")),
    (CERT, conditions(says("Ready", message="up to date")), ("Healthy", "up to date")),
    (
        CERT,
        conditions(says("Ready", "False", "secret does not exist"), says("Issuing", message="issuing")),
        ("Progressing", "issuing"),
    ),
    (
        CERT,
        conditions(says("Ready", "False", "expired"), says("Issuing", "False", "order is invalid", reason="Failed")),
        ("Degraded", "order is invalid"),
    ),
    (CERT, conditions(says("Ready"), says("Issuing", "False", "rate limited", reason="Failed")), ("Healthy", "")),
    (CERT, conditions(says("Ready", "False", "expired")), ("Degraded", "expired")),
    (
        CERT,
        {"metadata": {"generation": 3}, **conditions(says("Ready", observedGeneration=2))},
        ("Progressing", "Waiting for the certificate"),
    ),
    (
        "cert-manager.io/v1/ClusterIssuer",
        conditions(says("Ready", "False", "account is unknown")),
        ("Degraded", "account is unknown"),
    ),
    (
        "cert-manager.io/v1/CertificateRequest",
        conditions(says("Ready", "False", "waits for approval", reason="Pending")),
        ("Progressing", "waits for approval"),
    ),
    (
        "cert-manager.io/v1/CertificateRequest",
        conditions(says("Denied", message="not allowed"), says("Ready", "False", reason="Denied")),
        ("Degraded", "not allowed"),
    ),
    (
        "acme.cert-manager.io/v1/Challenge",
        {"status": {"state": "invalid", "reason": "no TXT record"}},
        ("Degraded", "no TXT record"),
    ),
    ("acme.cert-manager.io/v1/Order", {"status": {"state": "pending"}}, ("Progressing", "Order is pending")),
]

ROLLOUT = "argoproj.io/v1alpha1/Rollout"
SEEN: dict[str, Any] = {"observedGeneration": "2"}
MOVED: dict[str, Any] = {**SEEN, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "currentPodHash": "b"}
GENERATION = {"metadata": {"generation": 2}}
ROLLS = "Waiting for rollout to finish: "


def rollout(status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {**GENERATION, "spec": {"replicas": 2, "strategy": {"canary": {}}, **spec}, "status": status}


ARGO: list[Case] = [
    (ROLLOUT, rollout({}), ("Progressing", "Waiting for the rollout controller to see the latest change")),
    (
        ROLLOUT,
        rollout({"observedGeneration": "1"}),
        ("Progressing", "Waiting for the rollout controller to see the latest change"),
    ),
    (ROLLOUT, rollout({**SEEN, "phase": "Paused", "message": "CanaryPauseStep"}), ("Suspended", "CanaryPauseStep")),
    (ROLLOUT, rollout({**SEEN, "phase": "Healthy"}), ("Healthy", "")),
    (
        ROLLOUT,
        rollout({**SEEN, "phase": "Degraded", "abort": True, "message": "RolloutAborted: metric failed"}),
        ("Degraded", "RolloutAborted: metric failed"),
    ),
    (
        ROLLOUT,
        rollout({**SEEN, "conditions": [says("Progressing", "False", "timed out", reason="ProgressDeadlineExceeded")]}),
        ("Degraded", "timed out"),
    ),
    (
        ROLLOUT,
        rollout({**SEEN, "conditions": [says("InvalidSpec", message="no selector")]}),
        ("Degraded", "no selector"),
    ),
    (
        ROLLOUT,
        rollout({**SEEN, "pauseConditions": [{"reason": "CanaryPauseStep"}]}),
        ("Suspended", "Rollout is paused"),
    ),
    (ROLLOUT, rollout(SEEN, paused=True), ("Suspended", "Rollout is paused")),
    (ROLLOUT, rollout(SEEN), ("Progressing", f"{ROLLS}its status has not been written yet")),
    (
        ROLLOUT,
        rollout({**MOVED, "updatedReplicas": 1}),
        ("Progressing", f"{ROLLS}1 out of 2 new replicas have been updated"),
    ),
    (
        ROLLOUT,
        rollout({**MOVED, "availableReplicas": 1}),
        ("Progressing", f"{ROLLS}1 of 2 updated replicas are available"),
    ),
    (
        ROLLOUT,
        rollout({**MOVED, "replicas": 3}),
        ("Progressing", f"{ROLLS}1 old replicas are pending termination"),
    ),
    (ROLLOUT, rollout({**MOVED, "stableRS": "a"}), ("Progressing", f"{ROLLS}its steps and analyses are not done")),
    (ROLLOUT, rollout({**MOVED, "stableRS": "b"}), ("Healthy", "")),
    (ROLLOUT, rollout({**MOVED, "canary": {"stableRS": "b"}, "observedGeneration": "5f6c9d"}), ("Healthy", "")),
    (
        ROLLOUT,
        rollout({**MOVED, "stableRS": "b", "blueGreen": {"activeSelector": "a"}}, strategy={"blueGreen": {}}),
        ("Progressing", f"{ROLLS}the active service does not point to the new revision yet"),
    ),
    ("argoproj.io/v1alpha1/AnalysisRun", {}, ("Progressing", "Waiting for it to start")),
    (
        "argoproj.io/v1alpha1/AnalysisRun",
        {"status": {"phase": "Failed", "message": "Metric latency assessed Failed"}},
        ("Degraded", "Metric latency assessed Failed"),
    ),
    (
        "argoproj.io/v1alpha1/AnalysisRun",
        {"status": {"phase": "Inconclusive"}},
        ("Unknown", "AnalysisRun is Inconclusive"),
    ),
    ("argoproj.io/v1alpha1/Workflow", {"status": {"phase": "Succeeded"}}, ("Healthy", "Workflow is Succeeded")),
    ("argoproj.io/v1alpha1/Workflow", {"status": {"phase": "Running"}}, ("Progressing", "Workflow is Running")),
    ("argoproj.io/v1alpha1/Application", {"spec": {}}, ("Healthy", "")),
    (
        "argoproj.io/v1alpha1/Application",
        {"status": {"health": {"status": "Degraded", "message": "web is down"}}},
        ("Degraded", "web is down"),
    ),
    ("argoproj.io/v1alpha1/Application", {"status": {"health": {"status": "Odd"}}}, ("Unknown", "")),
    ("argoproj.io/v1alpha1/ApplicationSet", {}, ("Healthy", "")),
    (
        "argoproj.io/v1alpha1/ApplicationSet",
        conditions(says("ResourcesUpToDate", "False"), says("ErrorOccurred", message="generator failed")),
        ("Degraded", "generator failed"),
    ),
    ("argoproj.io/v1alpha1/CronWorkflow", {"spec": {"suspend": True}}, ("Suspended", "CronWorkflow is suspended")),
    (
        "argoproj.io/v1alpha1/CronWorkflow",
        conditions(says("SubmissionError", message="no such template")),
        ("Degraded", "no such template"),
    ),
    ("argoproj.io/v1alpha1/Sensor", conditions(says("Deployed"), says("TriggersProvided")), ("Healthy", "")),
    (
        "argoproj.io/v1alpha1/EventSource",
        conditions(says("Deployed", "False", "", reason="BadImage")),
        ("Degraded", "Deployed: BadImage"),
    ),
    ("argoproj.io/v1alpha1/EventBus", {}, ("Progressing", "Waiting for Argo Events")),
]

KNATIVE: list[Case] = [
    (
        "serving.knative.dev/v1/Service",
        conditions(says("Ready"), says("RoutesReady"), says("ConfigurationsReady")),
        ("Healthy", ""),
    ),
    (
        "serving.knative.dev/v1/Service",
        conditions(says("Ready", "False"), says("ConfigurationsReady", "False", "image can't be pulled")),
        ("Degraded", "image can't be pulled"),
    ),
    (
        "eventing.knative.dev/v1/Broker",
        conditions(says("Ready", "Unknown", reason="Deploying")),
        ("Progressing", "Deploying"),
    ),
    ("serving.knative.dev/v1/Route", {**GENERATION, "status": {"observedGeneration": 1}}, ("Progressing", UNSEEN)),
]

MANAGED = "s3.aws.upbound.io/v1beta1/Bucket"
CROSSPLANE: list[Case] = [
    ("pkg.crossplane.io/v1/Provider", conditions(says("Installed"), says("Healthy")), ("Healthy", "")),
    (
        "pkg.crossplane.io/v1/Provider",
        conditions(says("Healthy"), says("Installed", "False", "can't unpack")),
        ("Degraded", "can't unpack"),
    ),
    ("pkg.crossplane.io/v1/Function", {}, ("Progressing", "Waiting for the package to be installed")),
    (MANAGED, conditions(says("Ready"), says("Synced")), ("Healthy", "")),
    (MANAGED, conditions(says("Ready"), says("Synced", "False", "AccessDenied")), ("Degraded", "AccessDenied")),
    (
        MANAGED,
        conditions(says("Ready", "False", reason="Creating"), says("Synced")),
        ("Progressing", "Waiting to become ready"),
    ),
    (MANAGED, {}, ("Progressing", "Waiting for its provider")),
    ("aws.upbound.io/v1beta1/ProviderConfig", {"status": {"users": 3}}, ("Healthy", "")),
    ("apiextensions.crossplane.io/v1/Composition", {}, ("Healthy", "")),
    (
        "apiextensions.crossplane.io/v1/CompositeResourceDefinition",
        conditions(says("Established"), says("Offered")),
        ("Healthy", ""),
    ),
    (
        "platform.example.org/v1/XDatabase",
        conditions(says("Synced", "False", "bad patch"), says("Ready")),
        ("Degraded", "bad patch"),
    ),
]

RELEASE = "helm.toolkit.fluxcd.io/v2/HelmRelease"
FLUX: list[Case] = [
    (RELEASE, {"spec": {"suspend": True}}, ("Suspended", "HelmRelease is suspended")),
    (RELEASE, {"metadata": {"generation": 2}, "status": {"observedGeneration": -1}}, ("Progressing", UNSEEN)),
    (RELEASE, conditions(says("Ready", message="Helm install succeeded")), ("Healthy", "Helm install succeeded")),
    (
        RELEASE,
        conditions(says("Stalled", message="install retries exhausted"), says("Ready", "False")),
        ("Degraded", "install retries exhausted"),
    ),
    (
        "kustomize.toolkit.fluxcd.io/v1/Kustomization",
        conditions(says("Ready", "False", "waits for infra", reason="DependencyNotReady")),
        ("Progressing", "waits for infra"),
    ),
    (
        "source.toolkit.fluxcd.io/v1/GitRepository",
        conditions(says("Ready", "False", "authentication required", reason="GitOperationFailed")),
        ("Degraded", "authentication required"),
    ),
    ("notification.toolkit.fluxcd.io/v1beta3/Provider", {}, ("Healthy", "")),
]

GATEWAY_API: list[Case] = [
    (
        "gateway.networking.k8s.io/v1/GatewayClass",
        conditions(says("Accepted", "Unknown", reason="Pending")),
        ("Progressing", "Waiting for its controller to accept it"),
    ),
    (
        "gateway.networking.k8s.io/v1/Gateway",
        conditions(says("Accepted"), says("Programmed", "False", "no address")),
        ("Progressing", "no address"),
    ),
    (
        "gateway.networking.k8s.io/v1/Gateway",
        conditions(
            says("Accepted"),
            says("Programmed"),
            listeners=[
                {"name": "http", "conditions": [says("Accepted"), says("Programmed", "False", "soon")]},
                {"name": "https", "conditions": [says("Accepted"), says("ResolvedRefs", "False", "no secret tls")]},
            ],
        ),
        ("Degraded", "listener https: no secret tls"),
    ),
    (
        "gateway.networking.k8s.io/v1/Gateway",
        conditions(
            says("Accepted"), says("Programmed"), listeners=[{"name": "http", "conditions": [says("Accepted")]}]
        ),
        ("Healthy", ""),
    ),
    ("gateway.networking.k8s.io/v1/HTTPRoute", {}, ("Progressing", "Waiting for a gateway's controller")),
    (
        "gateway.networking.k8s.io/v1/HTTPRoute",
        {
            "status": {
                "parents": [
                    {"parentRef": {"name": "inner"}, "conditions": [says("Accepted"), says("ResolvedRefs")]},
                    {"parentRef": {"name": "outer"}, "conditions": [says("Accepted", "False", "no such listener")]},
                ]
            }
        },
        ("Degraded", "outer: no such listener"),
    ),
    (
        "gateway.networking.k8s.io/v1/GRPCRoute",
        {
            **GENERATION,
            "status": {
                "parents": [{"parentRef": {"name": "g"}, "conditions": [says("Accepted", observedGeneration=1)]}]
            },
        },
        ("Progressing", f"g: {UNSEEN}"),
    ),
    (
        "gateway.networking.k8s.io/v1/BackendTLSPolicy",
        {
            "status": {
                "ancestors": [
                    {"ancestorRef": {"name": "a"}, "conditions": [says("Accepted", "False", reason="TargetNotFound")]},
                    {"ancestorRef": {"name": "b"}, "conditions": [says("Accepted")]},
                ]
            }
        },
        ("Healthy", ""),
    ),
]

CLUSTER = "cluster.x-k8s.io/v1beta1/Cluster"
MACHINES = "cluster.x-k8s.io/v1beta1/MachineDeployment"
CLUSTER_API: list[Case] = [
    (CLUSTER, {}, ("Progressing", "Waiting for its controller")),
    (CLUSTER, {"spec": {"paused": True}}, ("Suspended", "Cluster is paused")),
    (CLUSTER, {"status": {"phase": "Provisioned", **conditions(says("Ready"))["status"]}}, ("Healthy", "")),
    (
        CLUSTER,
        conditions(says("Ready", "False", "1 of 3 completed", severity="Info"), phase="Provisioned"),
        ("Progressing", "1 of 3 completed"),
    ),
    (
        CLUSTER,
        conditions(says("Ready", "False", "no such subnet", severity="Error"), phase="Provisioning"),
        ("Degraded", "no such subnet"),
    ),
    (
        "cluster.x-k8s.io/v1beta1/Machine",
        {"status": {"phase": "Failed", "failureMessage": "quota exceeded"}},
        ("Degraded", "quota exceeded"),
    ),
    (
        MACHINES,
        {"spec": {"replicas": 3}, "status": {"phase": "Running", "updatedReplicas": 3, "availableReplicas": 2}},
        ("Progressing", "3 of 3 machines are up to date, 2 are available"),
    ),
    (
        MACHINES,
        {"spec": {"replicas": 3}, "status": {"phase": "Running", "updatedReplicas": 3, "availableReplicas": 3}},
        ("Healthy", ""),
    ),
    (MACHINES, {"status": {"phase": "ScalingUp"}}, ("Progressing", "MachineDeployment is ScalingUp")),
    (
        "cluster.x-k8s.io/v1beta1/MachineHealthCheck",
        conditions(says("RemediationAllowed", "False", "too many unhealthy")),
        ("Degraded", "too many unhealthy"),
    ),
    ("infrastructure.cluster.x-k8s.io/v1beta2/AWSCluster", {"status": {"ready": True}}, ("Healthy", "")),
    ("infrastructure.cluster.x-k8s.io/v1beta2/AWSMachineTemplate", {}, ("Healthy", "")),
    ("cluster.x-k8s.io/v1beta1/ClusterClass", {}, ("Healthy", "")),
]

SECRETS: list[Case] = [
    (
        "external-secrets.io/v1/ExternalSecret",
        conditions(says("Ready", "False", "could not get secret data", reason="SecretSyncedError")),
        ("Degraded", "could not get secret data"),
    ),
    ("external-secrets.io/v1/ExternalSecret", {}, ("Progressing", "Waiting for the secret to be fetched")),
    (
        "external-secrets.io/v1/ClusterSecretStore",
        conditions(says("Ready", message="store validated")),
        ("Healthy", "store validated"),
    ),
    (
        "external-secrets.io/v1/ClusterExternalSecret",
        conditions(says("PartiallyReady", message="one failed")),
        ("Degraded", "one failed"),
    ),
    (
        "bitnami.com/v1alpha1/SealedSecret",
        conditions(says("Synced", "False", "no key could decrypt")),
        ("Degraded", "no key could decrypt"),
    ),
    ("bitnami.com/v1alpha1/SealedSecret", conditions(says("Synced")), ("Healthy", "")),
    ("secrets-store.csi.x-k8s.io/v1/SecretProviderClass", {}, ("Healthy", "")),
]

OTHERS: list[Case] = [
    ("kafka.strimzi.io/v1beta2/Kafka", conditions(says("NotReady", reason="Creating")), ("Progressing", "Creating")),
    (
        "kafka.strimzi.io/v1beta2/Kafka",
        conditions(says("NotReady", message="no storage", reason="X")),
        ("Degraded", "no storage"),
    ),
    ("kafka.strimzi.io/v1beta2/KafkaTopic", conditions(says("Ready")), ("Healthy", "")),
    (
        "kafka.strimzi.io/v1beta2/KafkaUser",
        conditions(says("ReconciliationPaused"), says("Ready")),
        ("Suspended", "Reconciliation is paused"),
    ),
    ("keda.sh/v1alpha1/ScaledObject", {}, ("Progressing", "Waiting for KEDA to set up scaling")),
    ("keda.sh/v1alpha1/ScaledObject", conditions(says("Ready"), says("Paused")), ("Suspended", "Scaling is paused")),
    (
        "keda.sh/v1alpha1/ScaledObject",
        conditions(says("Ready", message="ready"), says("Paused", "False")),
        ("Healthy", "ready"),
    ),
    ("keda.sh/v1alpha1/ScaledJob", conditions(says("Ready", "False", "no trigger")), ("Degraded", "no trigger")),
    ("keda.sh/v1alpha1/TriggerAuthentication", {}, ("Healthy", "")),
    ("networking.istio.io/v1/VirtualService", {}, ("Healthy", "")),
    (
        "networking.istio.io/v1/VirtualService",
        {
            "status": {
                "validationMessages": [{"level": "ERROR", "message": "host not found", "type": {"code": "IST0101"}}]
            }
        },
        ("Degraded", "Istio's analysis: host not found"),
    ),
    (
        "networking.istio.io/v1/VirtualService",
        {"status": {"validationMessages": [{"level": "ERROR", "type": {"code": "IST0101"}}]}},
        ("Degraded", "Istio's analysis: IST0101"),
    ),
    (
        "security.istio.io/v1/PeerAuthentication",
        {"status": {"validationMessages": [{"level": "INFO"}]}},
        ("Healthy", ""),
    ),
    (
        "install.istio.io/v1alpha1/IstioOperator",
        {"status": {"status": "ERROR"}},
        ("Degraded", "IstioOperator is ERROR"),
    ),
    (
        "monitoring.coreos.com/v1/Prometheus",
        conditions(says("Available", "Degraded", "shard 0: 1 of 2", reason="SomePodsNotReady"), says("Reconciled")),
        ("Progressing", "shard 0: 1 of 2"),
    ),
    (
        "monitoring.coreos.com/v1/Alertmanager",
        conditions(says("Available", "False", "no pods", reason="NoPodReady")),
        ("Degraded", "no pods"),
    ),
    ("monitoring.coreos.com/v1/Prometheus", {"spec": {"paused": True}}, ("Suspended", "Prometheus is suspended")),
    ("monitoring.coreos.com/v1/ServiceMonitor", {}, ("Healthy", "")),
    (
        "karpenter.sh/v1/NodePool",
        conditions(says("NodeClassReady", "False", "no such class")),
        ("Degraded", "no such class"),
    ),
    ("karpenter.sh/v1/NodeClaim", conditions(says("Launched", "False", "no capacity")), ("Degraded", "no capacity")),
    (
        "karpenter.sh/v1/NodeClaim",
        conditions({"type": "Launched", "status": "True"}, says("Registered", "Unknown")),
        ("Progressing", "The node is launched, not registered yet"),
    ),
    ("karpenter.k8s.aws/v1/EC2NodeClass", conditions(says("Ready", "False", "no subnets")), ("Degraded", "no subnets")),
    ("s3.services.k8s.aws/v1alpha1/Bucket", conditions(says("ACK.ResourceSynced")), ("Healthy", "")),
    (
        "rds.services.k8s.aws/v1alpha1/DBInstance",
        conditions(says("ACK.ResourceSynced", "False"), says("ACK.Terminal", message="InvalidParameter")),
        ("Degraded", "InvalidParameter"),
    ),
    (
        "rds.services.k8s.aws/v1alpha1/DBInstance",
        conditions(says("ACK.Recoverable", message="AccessDenied"), says("ACK.ResourceSynced", "False")),
        ("Progressing", "AccessDenied"),
    ),
    (
        "elasticsearch.k8s.elastic.co/v1/Elasticsearch",
        {"status": {"health": "green", "phase": "Ready"}},
        ("Healthy", ""),
    ),
    (
        "elasticsearch.k8s.elastic.co/v1/Elasticsearch",
        {"status": {"health": "red", "phase": "Ready"}},
        ("Degraded", "Elasticsearch is red: data or nodes are missing"),
    ),
    (
        "kibana.k8s.elastic.co/v1/Kibana",
        {"status": {"health": "green", "phase": "ApplyingChanges"}},
        ("Progressing", "ApplyingChanges"),
    ),
    (
        "postgresql.cnpg.io/v1/Cluster",
        conditions(says("Ready", "False", "instance 2 is joining")),
        ("Progressing", "instance 2 is joining"),
    ),
    ("postgresql.cnpg.io/v1/Backup", {"status": {"phase": "failed", "error": "no bucket"}}, ("Degraded", "no bucket")),
    (
        "acid.zalan.do/v1/postgresql",
        {"status": {"PostgresClusterStatus": "SyncFailed"}},
        ("Degraded", "postgresql is SyncFailed"),
    ),
    (
        "rabbitmq.com/v1beta1/RabbitmqCluster",
        conditions(says("ClusterAvailable", "False", "no endpoints"), says("AllReplicasReady", "False")),
        ("Degraded", "no endpoints"),
    ),
    ("snapshot.storage.k8s.io/v1/VolumeSnapshot", {"status": {"readyToUse": True}}, ("Healthy", "")),
    (
        "snapshot.storage.k8s.io/v1/VolumeSnapshot",
        {"status": {"error": {"message": "no class"}}},
        ("Degraded", "no class"),
    ),
    ("operators.coreos.com/v1alpha1/Subscription", {"status": {"state": "AtLatestKnown"}}, ("Healthy", "")),
    (
        "operators.coreos.com/v1alpha1/Subscription",
        conditions(says("ResolutionFailed", message="no operator found"), state="AtLatestKnown"),
        ("Degraded", "no operator found"),
    ),
    (
        "operators.coreos.com/v1alpha1/Subscription",
        {"status": {"state": "UpgradePending"}},
        ("Suspended", "An upgrade waits for approval"),
    ),
    (
        "tekton.dev/v1/PipelineRun",
        conditions(says("Succeeded", "False", "task build failed")),
        ("Degraded", "task build failed"),
    ),
    ("velero.io/v1/Backup", {"status": {"phase": "PartiallyFailed"}}, ("Degraded", "Backup is PartiallyFailed")),
    (
        "sparkoperator.k8s.io/v1beta2/SparkApplication",
        {"status": {"applicationState": {"state": "FAILED", "errorMessage": "driver exited with 1"}}},
        ("Degraded", "driver exited with 1"),
    ),
]

CASES = [*CERT_MANAGER, *ARGO, *KNATIVE, *CROSSPLANE, *FLUX, *GATEWAY_API, *CLUSTER_API, *SECRETS, *OTHERS]


@pytest.mark.parametrize(("kind", "live", "expected"), CASES, ids=[f"{case[0]}-{case[2][0]}" for case in CASES])
def test_a_family(kind: str, live: dict[str, Any], expected: tuple[Status, str]) -> None:
    """A widely used custom resource says how it is in its own controller's words, as users of Argo CD are used to."""
    version, _, name = kind.rpartition("/")
    assert Health(*expected) == assess({"apiVersion": version, "kind": name, **live})


def test_a_group_is_known_by_its_end() -> None:
    """GIVEN a group that ends in a family's name by accident, without a dot in between THEN it is none of the family."""
    live = {"kind": "Bucket", "status": {"conditions": [says("ACK.Terminal")]}}
    assert "Degraded" == assess({**live, "apiVersion": "s3.services.k8s.aws/v1"}).status
    assert "Healthy" == assess({**live, "apiVersion": "myservices.k8s.aws/v1"}).status
    assert has_rule("myservices.k8s.aws", "Bucket")
