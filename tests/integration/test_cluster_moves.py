"""An EKS cluster that is somewhere else by now, at a real API server; EKS itself is told what to say."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import boto3
import pytest

from local.cluster import Cluster
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.errors import ConfigurationError, ForbiddenError
from mooring.flows.clusters.reaching import OutageError
from mooring.flows.clusters.targets import Targets
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore
from tests.doubles.installation import installation


@pytest.fixture
def registry(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registered EKS cluster; asked where it is, EKS names the real API server."""
    upstream = from_kubeconfig(cluster.kubeconfig)
    authority = base64.b64encode(upstream.tls.ca).decode()
    monkeypatch.setattr(
        "mooring.flows.clusters.places.describe_cluster", lambda login, sessions: (upstream.server, authority)
    )
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with installation() as make:
        secrets = SecretStore(boto3.client("secretsmanager", region_name="eu-central-1"))
        made = Registry(make().table, secrets, "mooring")
        made.register_cluster("shop", "", default=True, config={"eks": {"clusterName": "shop"}})
        yield made


def test_a_cluster_is_found_when_it_is_first_met(registry: Registry, cluster: Cluster) -> None:
    """GIVEN a name WHEN the cluster is met THEN its address is known from then on, and a token of ours is sent there."""
    targets = Targets(registry, connections=1)
    targets.refresh()
    live = targets.connect(targets.named("shop"))
    assert cluster.server == live.cluster.server == registry.clusters()[0].server
    with pytest.raises(ForbiddenError, match="does not accept these credentials"):  # it is no EKS cluster
        live.namespaced("", "ConfigMap", "v1")


def test_another_authority_is_asked_for(registry: Registry, cluster: Cluster) -> None:
    """GIVEN an authority that doesn't vouch for what answers WHEN that is noticed THEN EKS is asked, and it is news."""
    registry.note_place(registry.clusters()[0], cluster.server, base64.b64encode(other_authority()).decode())
    targets = Targets(registry, connections=1)
    targets.refresh()
    with pytest.raises(ConfigurationError, match="don't vouch for"):
        targets.connect(targets.named("shop")).namespaced("", "ConfigMap", "v1")
    targets.settle()
    assert ["shop"] == targets.news()
    with pytest.raises(ForbiddenError, match="does not accept these credentials"):
        targets.connect(targets.named("shop")).namespaced("", "ConfigMap", "v1")


def test_another_address_is_asked_for(registry: Registry, cluster: Cluster) -> None:
    """GIVEN an address where nobody is any more WHEN that is noticed THEN EKS is asked, and there is no outage."""
    ours = from_kubeconfig(cluster.kubeconfig).tls.ca
    registry.note_place(registry.clusters()[0], "https://127.0.0.1:9", base64.b64encode(ours).decode())
    targets = Targets(registry, connections=1)
    targets.refresh()
    with pytest.raises(Exception, match="no connection"):
        targets.connect(targets.named("shop")).namespaced("", "ConfigMap", "v1")
    targets.settle()
    assert ["shop"] == targets.news()
    (known,) = registry.clusters()
    assert (cluster.server, None) == (known.server, known.outage)
    assert cluster.server == targets.named("shop").server
    with pytest.raises(ForbiddenError, match="does not accept these credentials"):
        targets.connect(targets.named("shop")).namespaced("", "ConfigMap", "v1")


def test_an_outage_keeps_requests_away(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a cluster that is nowhere WHEN it was found out THEN whoever wants to reach it is told since when and why."""
    monkeypatch.setattr(
        "mooring.flows.clusters.places.describe_cluster", lambda login, sessions: ("https://127.0.0.1:9", "")
    )
    targets = Targets(registry, connections=1)
    targets.refresh()
    with pytest.raises(Exception, match="no connection"):
        targets.connect(targets.named("shop")).namespaced("", "ConfigMap", "v1")
    targets.settle()
    with pytest.raises(OutageError, match="the cluster shop can't be reached since"):
        targets.reach(targets.named("shop"))


def other_authority() -> bytes:
    """A certificate of an authority that nobody here has heard of."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stranger")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)
