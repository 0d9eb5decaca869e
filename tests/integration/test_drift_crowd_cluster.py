"""A crowd that edits at once: every change is on record, and none is blamed on another (real API server)."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

from local.cluster import Cluster
from local.moto_tables import correct_tables
from mooring.events.audit import Own, read_events
from mooring.events.deeds import Deed
from tests.doubles.installation import World, config_map, installation
from tests.doubles.realcluster import connect, until, use

PEOPLE = [f"person-{number}@example.com" for number in range(10)]
EDITS = 100  # of each person
_REPLACED = ("put_item", "update_item", "delete_item", "transact_write_items")


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    """Worlds over tables as the local stack has them: moto's own copy themselves for every item of a transaction."""
    patch = pytest.MonkeyPatch()
    for place, names in ((DynamoDBBackend, _REPLACED), (Table, ("query",))):
        for name in names:
            patch.setattr(place, name, getattr(place, name))  # to be as before at the end
    correct_tables()
    with installation() as make:
        yield make
    patch.undo()


def _deeds(cluster: Cluster, namespace: str) -> list[Deed]:
    assert cluster.audit_log is not None
    lines = [json.loads(line) for line in cluster.audit_log.read_text().splitlines() if line.endswith("}")]
    here = [line for line in lines if (line.get("objectRef") or {}).get("namespace") == namespace]
    return [each for each in read_events(here, Own()).deeds if each.object.resource == "configmaps"]


def test_a_thousand_edits_are_on_record_each_under_its_own_name(
    make_world: Callable[[], World], cluster: Cluster, namespace: str
) -> None:
    """GIVEN ten people with one tool WHEN they edit a thousand objects side by side THEN the next sweep records each
    edit once, reverts it, and names for each the one person who made it.
    """
    world = make_world()
    world.now = time.time()
    target = connect(cluster)
    use(world, target)
    app = world.declare(namespace=namespace, automated={"selfHeal": True})
    names = [f"map-{number}" for number in range(len(PEOPLE) * EDITS)]
    world.push(app, *(config_map(name, color="blue") for name in names))
    world.sync(app)
    access = cluster.access

    def edit(number: int) -> None:
        """Everybody in turn, so that neighbours are never one person's."""
        answer = pool.request(
            "PATCH",
            f"{access.server}/api/v1/namespaces/{namespace}/configmaps/{names[number]}?fieldManager=kubectl-edit",
            body=json.dumps({"data": {"color": PEOPLE[number % len(PEOPLE)]}}),
            headers={
                "Authorization": f"Bearer {access.token}",
                "Content-Type": "application/merge-patch+json",
                "Impersonate-User": PEOPLE[number % len(PEOPLE)],
                "Impersonate-Group": "system:masters",
            },
        )
        assert answer.status == 200, answer.data

    with urllib3.PoolManager(maxsize=10, ca_cert_data=access.ca_data, timeout=30.0, retries=False) as pool:
        with ThreadPoolExecutor(len(PEOPLE)) as people:
            list(people.map(edit, range(len(names))))
    until(lambda: len(_deeds(cluster, namespace)) >= len(names), lambda: len(_deeds(cluster, namespace)))
    world.applications.deeds.keep("in-cluster", _deeds(cluster, namespace), now=time.time())
    world.now = time.time()
    world.sweep()
    target.server.close()
    records = world.applications.drifts.of_app(app, 2 * len(names))
    assert set(names) == {each.key.name for each in records}
    assert len(names) == len(records)
    assert {"reverted": len(names)} == Counter(each.done for each in records)
    blamed = [(each.fields[0].after, *(dict(who.told)["impersonated"] for who in each.suspects)) for each in records]
    assert Counter({(person, person): EDITS for person in PEOPLE}) == Counter(blamed)
    assert all(who.certain for each in records for who in each.suspects)
