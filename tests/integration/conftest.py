"""Mooring's own connections to the small cluster and to the one with controllers; one of each for a module's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local.cluster import Cluster
    from mooring.cluster.auth import Connection
    from mooring.cluster.client import ApiServer
    from mooring.cluster.discovery import Discovery
    from mooring.flows.clusters.live import Target
    from tests.doubles.installation import World


@pytest.fixture(scope="module")
def connection(cluster: Cluster) -> Connection:
    """Where the small cluster is, and who asks it."""
    from mooring.cluster.kubeconfig import from_kubeconfig

    return from_kubeconfig(cluster.kubeconfig)


@pytest.fixture(scope="module")
def server(connection: Connection) -> Iterator[ApiServer]:
    """The client that sync uses."""
    from mooring.cluster.client import ApiServer

    server = ApiServer(connection)
    yield server
    server.close()


@pytest.fixture(scope="module")
def discovery(server: ApiServer) -> Discovery:
    """What that server has."""
    from mooring.cluster.discovery import Discovery

    return Discovery(server)


@pytest.fixture(scope="module")
def target(cluster: Cluster) -> Iterator[Target]:
    """The small cluster as flows see it."""
    from tests.doubles.realcluster import connect

    target = connect(cluster)
    yield target
    target.server.close()


@pytest.fixture(scope="module")
def workload_target(workload_cluster: Cluster) -> Iterator[Target]:
    """The cluster with controllers as flows see it."""
    from tests.doubles.realcluster import connect

    target = connect(workload_cluster)
    yield target
    target.server.close()


@pytest.fixture
def world(make_world: Callable[[], World], target: Target) -> World:
    """An installation whose cluster is the small one."""
    from tests.doubles.realcluster import use

    world = make_world()
    use(world, target)
    return world
