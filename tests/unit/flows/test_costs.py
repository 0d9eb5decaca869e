"""Each operation knows what it took, and sums of them hold each of them once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from mooring.errors import ConfigurationError
from mooring.events.messages import AppMessage, Cause, ClusterMessage
from mooring.flows.asked.audittrail import RecordPorts, show_operation
from mooring.flows.asked.costs import list_costs
from mooring.flows.asked.showing import show_application
from mooring.flows.syncs.ports import SyncPorts
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey
from mooring.state.actions import Actions
from mooring.state.consumption import Consumption
from mooring.state.records import Deleting
from mooring.state.spending import Cost, Spent
from tests.doubles.installation import World, installation
from tests.doubles.tables import create_table


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


class Watch:
    """A clock on which each look takes a quarter of a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.25
        return self.now


def ports(world: World) -> SyncPorts:
    """Those of a function of 512 MB."""
    return replace(world.ports(), consumption=Consumption(512, Watch()))


def config(name: str = "settings", value: str = "1") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop"},
        "data": {"key": value},
    }


def costs(world: World, sees: Callable[[Spent], bool] = lambda spent: True, **asked: str) -> dict[str, Any]:
    spending = world.applications.spending
    return list_costs(spending, asked, sees, now=world.now, region="eu-central-1")


def synced(world: World, name: str, **declared: Any) -> AppKey:
    key = world.declare(name, automated={}, **declared)
    world.push(key, config(name))
    handle_syncs(ports(world), [AppMessage(key, Cause("push"))])
    return key


def test_an_operation_knows_what_it_took(world: World) -> None:
    """GIVEN a function of 512 MB WHEN it syncs for a quarter of a second THEN the operation and its day say so."""
    key = synced(world, "shop")
    (operation,) = world.applications.operations(key, 10)
    assert Cost(0.125) == operation.cost
    assert ("Succeeded", operation.requests) == (operation.phase, costs(world)["items"][0]["requests"])
    assert Cost(0.125) == world.record(key).status.operation.cost  # type: ignore[union-attr]
    shown = show_application(world.record(key))["status"]["operationState"]
    assert {"gbSeconds": 0.125, "tableRequests": 0, "readUnits": 0.0, "writeUnits": 0.0} == shown["cost"]
    priced = show_application(world.record(key), region="eu-central-1")["status"]["operationState"]["cost"]
    record = RecordPorts(world.applications, Actions(world.table), "eu-central-1")
    assert 0.000001667 == priced["usd"] == show_operation(record, key, operation.id)["cost"]["usd"]


def test_a_look_that_finds_nothing_costs_nobody_anything(world: World) -> None:
    """GIVEN a synced application WHEN its cluster is looked at THEN nothing is written and no sum grows."""
    synced(world, "shop")
    before = costs(world)
    handle_syncs(ports(world), [ClusterMessage("in-cluster", Cause("tick"))])
    assert before == costs(world)


def test_sums_are_kept_by_day_and_asked_for_in_groups(world: World) -> None:
    """GIVEN operations of two projects on two days WHEN asked for THEN each group has its sums, and they agree."""
    world.targets.projects["money"] = world.targets.projects["default"]
    synced(world, "shop")
    synced(world, "ledger", project="money")
    world.now += 86_400
    handle = synced(world, "cart")
    world.push(handle, config("cart", "2"))
    handle_syncs(ports(world), [AppMessage(handle, Cause("push"))])
    by_project = {each["name"]: each["operations"] for each in costs(world, group="project")["items"]}
    assert {"default": 3, "money": 1} == by_project
    days = [datetime.fromtimestamp(world.now - back, UTC).date().isoformat() for back in (86_400, 0)]
    assert [(day, 2) for day in days] == [(e["name"], e["operations"]) for e in costs(world, group="day")["items"]]
    by_app = costs(world)
    assert ("argocd/cart", 2) == (by_app["items"][0]["name"], by_app["items"][0]["operations"])
    assert by_app["metadata"]["total"]["gbSeconds"] == sum(each["gbSeconds"] for each in by_app["items"]) == 0.5
    assert pytest.approx(0.5 * 0.0000133334, abs=1e-8) == by_app["metadata"]["total"]["usd"]
    assert [("in-cluster", 4)] == [(e["name"], e["operations"]) for e in costs(world, group="cluster")["items"]]
    assert 2 == costs(world, since=days[1], until=days[1])["metadata"]["total"]["operations"]
    seen = costs(world, lambda spent: spent.project == "money")
    assert ["argocd/ledger"] == [each["name"] for each in seen["items"]]


def test_a_deletion_is_counted_too(world: World) -> None:
    """GIVEN a synced application WHEN it is deleted with its objects THEN its sums stay, with one operation more."""
    key = synced(world, "shop")
    record = world.record(key)
    assert record.spec is not None
    deleting = replace(record.spec, deleting=Deleting(True, "ada", world.now), generation=record.spec.generation + 1)
    world.applications.replace_spec(deleting, record.spec)
    handle_syncs(ports(world), [AppMessage(key, Cause("person"))])
    assert world.record(key).spec is None
    assert [("argocd/shop", 2)] == [(each["name"], each["operations"]) for each in costs(world)["items"]]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"until": "2026-13-01"}, "until"),
        ({"since": "2026-01-01", "until": "2026-11-21"}, "since"),
        ({"since": "2026-11-21", "until": "2026-11-20"}, "since"),
        ({"group": "colour"}, "group"),
    ],
)
def test_what_makes_no_sense_is_refused(world: World, asked: dict[str, str], field: str) -> None:
    """GIVEN a parameter that means nothing WHEN asked THEN the error names it."""
    with pytest.raises(ConfigurationError) as caught:
        costs(world, **asked)
    assert field == caught.value.field


def test_dynamodb_counts_what_is_asked_of_it() -> None:
    """GIVEN clients of a session that is listened to WHEN items are written and read THEN requests and units are told."""
    with mock_aws():
        consumption = Consumption(1024, Watch())
        session = boto3.Session(region_name="eu-central-1")
        consumption.listen(session._session)
        table = create_table(session.client("dynamodb"), "mooring")
        consumption.begin()
        table.write({"Put": {"Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}}})
        assert [{"pk": "a", "sk": "b"}] == list(table.query("a"))
        assert table.get(("a", "b")) == {"pk": "a", "sk": "b"}
        cost = consumption.taken()
    assert (0.25, 3) == (cost.gb_seconds, cost.table_requests)
    assert cost.read_units > 0
    assert cost.write_units > 0


def rendered(world: World, key: AppKey, spent: Cost) -> None:
    """What `render` writes of an application after it took so much in all."""
    wanted = world.record(key).wanted
    assert wanted is not None
    world.applications.want([(key, replace(wanted, resolved_at=wanted.resolved_at + 1, spent=spent))])


def test_renders_are_counted_with_the_operation_that_follows(world: World) -> None:
    """GIVEN renders that an application had its share of WHEN it is synced THEN its day has them, each once."""
    key = synced(world, "shop")
    rendered(world, key, Cost(2.0, 3, 1.5, 0.5))
    handle_syncs(ports(world), [ClusterMessage("in-cluster", Cause("tick"))])
    assert 0 == costs(world)["items"][0]["renders"]["gbSeconds"]  # nothing was synced: nothing is written
    for number in range(2):
        world.push(key, config("shop", f"again-{number}"))
        rendered(world, key, Cost(2.0, 3, 1.5, 0.5))
        handle_syncs(ports(world), [AppMessage(key, Cause("push"))])
        (item,) = costs(world)["items"]
        assert {"gbSeconds": 2.0, "tableRequests": 3, "readUnits": 1.5, "writeUnits": 0.5} == {
            name: value for name, value in item["renders"].items() if name != "usd"
        }
        assert 2.0 + 0.125 * (number + 2) == item["gbSeconds"]  # the renders are in it
    world.push(key, config("shop", "last"))
    rendered(world, key, Cost(2.5, 4, 1.5, 0.5))
    handle_syncs(ports(world), [AppMessage(key, Cause("push"))])
    assert (2.5, 4) == tuple(costs(world)["items"][0]["renders"][name] for name in ("gbSeconds", "tableRequests"))
    assert costs(world)["metadata"]["total"]["renders"] == costs(world)["items"][0]["renders"]


def test_what_was_rendered_once_for_somebody_is_nobodys(world: World) -> None:
    """GIVEN a counted render WHEN a state without a sum stands in its place THEN nothing is counted, or counted twice."""
    key = synced(world, "shop")
    for number, spent in enumerate((Cost(2.0), Cost(), Cost(2.0))):
        world.push(key, config("shop", f"again-{number}"))
        rendered(world, key, spent)
        handle_syncs(ports(world), [AppMessage(key, Cause("push"))])
    assert 2.0 == costs(world)["items"][0]["renders"]["gbSeconds"]


def test_a_cost_is_divided(world: World) -> None:
    """GIVEN what served several WHEN it is divided THEN each has the same, and one alone has all."""
    cost = Cost(3.0, 4, 1.5, 0.6)
    assert (cost, Cost(1.0, 2, 0.5, 0.2)) == (cost.among(1), cost.among(3))
    assert Cost() == cost.minus(Cost(9.0, 9, 9.0, 9.0))
