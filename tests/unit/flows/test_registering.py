"""Registering, finding, changing and forgetting clusters, over moto's table, secrets, STS and EKS."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from mooring.cluster.auth import BearerToken, EksLogin
from mooring.cluster.aws import Sessions, describe_cluster
from mooring.errors import ConfigurationError, ForbiddenError
from mooring.flows.asked import registering
from mooring.flows.clusters.places import Places
from mooring.flows.asked.registering import RegisterPorts, UnknownClusterError
from mooring.state.clusters import Limits, Outage
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore
from tests.doubles.installation import World, installation

REGION = "eu-central-1"
TOKEN = {"server": "https://10.0.0.1:6443", "config": {"bearerToken": "t"}}
PEM = base64.b64encode(b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n").decode()
KUBECONFIG = f"""
apiVersion: v1
kind: Config
current-context: lab
contexts: [{{name: lab, context: {{cluster: c, user: u}}}}, {{name: files, context: {{cluster: c, user: f}}}}]
clusters: [{{name: c, cluster: {{server: "https://lab.test:443", certificate-authority-data: {PEM}}}}}]
users: [{{name: u, user: {{token: s3cret}}}}, {{name: f, user: {{client-certificate: /etc/passwd, client-key: /x}}}}]
"""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with installation() as make:
        yield make()


@pytest.fixture
def ports(world: World) -> RegisterPorts:
    secrets = SecretStore(boto3.client("secretsmanager", region_name=REGION))
    return RegisterPorts(Registry(world.table, secrets, "mooring"), world.applications, world.queues)  # type: ignore[arg-type]


def register(ports: RegisterPorts, name: str, document: Any) -> list[str]:
    return registering.register_cluster(ports, name, document)[1]


def test_a_registration_keeps_what_is_not_given_again(ports: RegisterPorts, world: World) -> None:
    """GIVEN labels and limits WHEN the token is replaced THEN they stay, an outage is forgotten, and sync hears of it."""
    register(ports, "prod", TOKEN | {"labels": {"env": "prod"}, "limits": {"atOnce": 2}, "default": True})
    (cluster,) = ports.registry.clusters()
    ports.registry.note_outage(cluster, Outage(5.0, "gone", 65.0))
    assert [] == register(ports, "prod", TOKEN | {"config": {"bearerToken": "new"}})
    (cluster,) = ports.registry.clusters()
    assert ({"env": "prod"}, Limits(0.0, 2), True, None) == (
        cluster.labels, cluster.limits, cluster.default, cluster.outage,
    )  # fmt: skip
    assert {"bearerToken": "new"} == ports.registry.credentials_of(cluster)
    assert ["prod", "prod"] == [message.cluster for _, message in world.queues.sent]


def test_one_server_has_one_name(ports: RegisterPorts) -> None:
    """GIVEN a registered server WHEN it is registered under another name THEN the error names the first."""
    register(ports, "prod", TOKEN)
    with pytest.raises(ConfigurationError, match="registered as prod already") as caught:
        register(ports, "twin", TOKEN | {"server": "https://10.0.0.1:6443/"})
    assert "server" == caught.value.field


def test_a_server_that_moves_is_pointed_out(ports: RegisterPorts) -> None:
    """GIVEN a registration WHEN its address changes THEN a warning says what that means for its applications."""
    register(ports, "prod", TOKEN)
    (warning,) = register(ports, "prod", TOKEN | {"server": "https://10.0.0.2:6443"})
    assert "prod was https://10.0.0.1:6443" in warning


def test_a_wrong_login_is_refused_before_anything_is_kept(ports: RegisterPorts) -> None:
    """GIVEN an exec plugin that can't run in a function THEN the error says what can, and nothing is registered."""
    plugin = {"execProviderConfig": {"command": "gke-gcloud-auth-plugin"}}
    with pytest.raises(ConfigurationError, match="can't run in a function; use awsAuthConfig"):
        register(ports, "prod", TOKEN | {"config": plugin})
    assert [] == ports.registry.clusters()


def test_a_cluster_in_use_is_kept(ports: RegisterPorts, world: World) -> None:
    """GIVEN an application there THEN only force removes the cluster; its credentials go with it."""
    register(ports, "in-cluster", TOKEN)
    world.declare("shop")
    with pytest.raises(ConfigurationError, match="is the destination of argocd/shop"):
        registering.remove_cluster(ports, "in-cluster", force=False)
    registering.remove_cluster(ports, "in-cluster", force=True)
    assert [] == ports.registry.clusters()
    with pytest.raises(ForbiddenError):
        ports.registry.secret("mooring/clusters/in-cluster", fresh=True)
    with pytest.raises(UnknownClusterError):
        registering.remove_cluster(ports, "in-cluster", force=True)


def test_labels_change_alone(ports: RegisterPorts) -> None:
    """GIVEN a registration WHEN its labels change THEN nothing else does."""
    register(ports, "prod", TOKEN | {"annotations": {"a": "b"}, "project": "shop"})
    registering.change_cluster(ports, "prod", {"labels": {"env": "x"}})
    (cluster,) = ports.registry.clusters()
    assert ({"env": "x"}, {"a": "b"}, "shop") == (cluster.labels, cluster.annotations, cluster.project)
    assert {"bearerToken": "t"} == ports.registry.credentials_of(cluster)


def test_a_kubeconfig_in_a_secret_is_found(ports: RegisterPorts, world: World) -> None:
    """GIVEN the name of a secret THEN address and token come from there, and the address is remembered."""
    boto3.client("secretsmanager", region_name=REGION).create_secret(Name="team/lab", SecretString=KUBECONFIG)
    register(ports, "lab", {"kubeconfigSecret": {"name": "team/lab"}})
    places = Places(ports.registry)
    cluster = places.find(ports.registry.clusters()[0])
    assert "https://lab.test" == cluster.server == ports.registry.clusters()[0].server
    connection = places.connection(cluster)
    assert ("https://lab.test:443", BearerToken("s3cret")) == (connection.server, connection.credentials)
    assert connection is places.connection(cluster)
    assert cluster is places.find(cluster)


def test_a_kubeconfig_in_a_secret_reads_no_files(ports: RegisterPorts) -> None:
    """GIVEN a user whose certificate is a file THEN it is refused, and the error says what to do."""
    boto3.client("secretsmanager", region_name=REGION).create_secret(Name="team/lab", SecretString=KUBECONFIG)
    register(ports, "lab", {"kubeconfigSecret": {"name": "team/lab", "context": "files"}})
    with pytest.raises(ConfigurationError, match="embed it"):
        Places(ports.registry).find(ports.registry.clusters()[0])


def make_eks(name: str) -> tuple[str, str]:
    client = boto3.client("eks", region_name=REGION)
    network = {"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]}
    made = client.create_cluster(name=name, roleArn="arn:aws:iam::123456789012:role/c", resourcesVpcConfig=network)
    return made["cluster"]["endpoint"].rstrip("/").lower(), made["cluster"]["certificateAuthority"]["data"]


def test_an_eks_cluster_is_found_once(ports: RegisterPorts, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN an EKS cluster by name WHEN it is met THEN EKS is asked where it is, and not again by other functions."""
    endpoint, authority = make_eks("shop")
    register(ports, "shop", {"eks": {"clusterName": "shop", "region": REGION}})
    cluster = Places(ports.registry).find(ports.registry.clusters()[0])
    assert endpoint == cluster.server
    assert authority == cluster.authority
    monkeypatch.setattr("mooring.flows.clusters.places.describe_cluster", None)
    (known,) = ports.registry.clusters()
    assert known is Places(ports.registry).find(known)


def test_an_eks_cluster_that_was_made_anew_is_found_again(ports: RegisterPorts, world: World) -> None:
    """GIVEN an address that was remembered WHEN the cluster has another by now THEN that one is written down."""
    register(ports, "shop", {"eks": {"clusterName": "shop", "region": REGION}})
    endpoint, _ = make_eks("shop")
    places = Places(ports.registry)
    old = ports.registry.note_place(ports.registry.clusters()[0], "https://old.eks.test", PEM)
    assert EksLogin("shop", "", REGION) == places.connection(old).credentials
    moved = places.moved(old)
    assert moved is not None
    assert endpoint == ports.registry.clusters()[0].server
    assert places.moved(moved) is None


def test_an_eks_cluster_that_is_not_there_is_said(world: World) -> None:
    """GIVEN a wrong name THEN the error says where it was looked for."""
    with pytest.raises(ConfigurationError, match="no EKS cluster 'nope' in eu-central-1"):
        describe_cluster(EksLogin("nope", "", REGION), Sessions())


def test_a_session_is_used_until_shortly_before_its_end(world: World) -> None:
    """GIVEN a role WHEN its credentials are asked for again THEN it is assumed anew only near the end of its session."""
    import time

    clock = [time.time()]
    sessions = Sessions(now=lambda: clock[0])
    login = EksLogin("shop", "arn:aws:iam::123456789012:role/x", REGION)
    first = sessions.credentials(login)[1]
    clock[0] += 3600 - 300
    assert first is sessions.credentials(login)[1]
    clock[0] += 240
    assert first is not sessions.credentials(login)[1]


def test_an_examination_is_asked_for_and_answered(ports: RegisterPorts, world: World) -> None:
    """GIVEN a question WHEN sync has written what it found THEN that is the answer; before, there is none."""
    register(ports, "prod", TOKEN)
    check = registering.ask_doctor(ports, "prod", "ada", world.now)
    assert check == world.queues.sent[-1][1].check
    assert registering.doctors_answer(ports, "prod", check) is None
    ports.registry.put_check("prod", check, {"reachable": True}, now=world.now)
    assert {"reachable": True} == registering.doctors_answer(ports, "prod", check)
    with pytest.raises(UnknownClusterError):
        registering.doctors_answer(ports, "prod", "another")
