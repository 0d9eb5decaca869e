"""Which cluster a destination means."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError
from mooring.model.application import Destination
from mooring.state.clusters import Cluster, find_cluster, normal_server


@pytest.mark.parametrize(
    ("server", "normal"),
    [
        ("https://Example.COM/", "https://example.com"),
        ("https://example.com:443", "https://example.com"),
        ("https://example.com:6443/", "https://example.com:6443"),
        ("HTTPS://example.com/k8s/clusters/c-1/", "https://example.com/k8s/clusters/c-1"),
        ("http://10.0.0.1:80", "http://10.0.0.1"),
        ("https://[FD00::1]:6443", "https://[fd00::1]:6443"),
        ("nonsense/", "nonsense"),
        ("https://example.com:notaport", "https://example.com:notaport"),
    ],
)
def test_addresses_are_compared_in_one_form(server: str, normal: str) -> None:
    """Case of the host, the scheme's own port and a slash at the end make no other server."""
    assert normal == normal_server(server)
    assert normal == normal_server(normal)


NORTH = Cluster("north", "https://north.test", True, "s")
LOST = Cluster("lost", "", False, "s")


@pytest.mark.parametrize(
    "destination",
    [
        Destination(name="north"),
        Destination(name="in-cluster"),
        Destination(server="https://North.test:443/"),
        Destination(server="https://kubernetes.default.svc"),
        Destination(server="https://kubernetes.default.svc/"),
    ],
)
def test_a_cluster_goes_by_several_names(destination: Destination) -> None:
    """The registered name, the address however it is written, and for the default one Argo CD's own names."""
    assert NORTH is find_cluster([NORTH, LOST], destination)


def test_an_address_of_two_clusters_is_refused() -> None:
    """GIVEN one address under two names THEN the error names both and says what to use."""
    twin = Cluster("twin", "https://north.test", False, "s")
    with pytest.raises(ConfigurationError, match=r"several clusters \(north, twin\); use destination.name"):
        find_cluster([NORTH, twin], Destination(server="https://north.test"))


def test_an_unknown_cluster_is_named() -> None:
    """GIVEN a name that nobody registered THEN the error lists those that are."""
    with pytest.raises(ConfigurationError, match="registered: north"):
        find_cluster([NORTH], Destination(name="south"))
