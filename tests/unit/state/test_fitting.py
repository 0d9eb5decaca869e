"""Items of the table stay below what DynamoDB takes, however much there is to say of an application."""

from __future__ import annotations

import hashlib

from mooring.events.messages import Cause
from mooring.health import Health
from mooring.model.objects import ObjectKey
from mooring.plan.inventory import Entry, to_rows
from mooring.state import codec, operationcodec
from mooring.state.packing import pack_rows
from mooring.state.operations import Operation, ResourceResult
from mooring.state.statuses import Resource, Status
from mooring.state.wanted import Commit

ITEM = 400 * 1024  # Amazon DynamoDB, "Service, account, and table quotas": item size
TRANSACTION = 4 * 1024 * 1024  # the same page: size of a transaction


def noise(text: str, length: int = 64) -> str:
    """Text that does not compress, another for each seed."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def everything_wrong(count: int) -> Status:
    """Every object failed, drifts and is degraded, each in words of its own."""
    keys = [ObjectKey("apps", "Deployment", f"team-{n % 50}", f"{noise(str(n), 10)}-{n}") for n in range(count)]
    drift = {key: ({"path": f".spec.{noise(key.name)}", "live": noise(key.name + "live")},) for key in keys}
    resources = tuple(
        Resource(key, "v1", 0, "OutOfSync", Health("Degraded", noise("h" + key.name)), False, drift[key])
        for key in keys
    )
    results = tuple(ResourceResult(key, "v1", "failed", 3 * noise("r" + key.name)) for key in keys)
    operation = Operation(
        "1", "sync", "Failed", "many failed", 1.0, 2.0, "a" * 40, "b" * 64, 1, Cause("tick"), Commit(), results=results
    )
    return Status(sync="OutOfSync", resources=resources, operation=operation)


def test_a_status_with_too_much_to_say_fits_an_item() -> None:
    """GIVEN 5,000 objects with all kinds of trouble WHEN written THEN it fits, and no object or verdict is lost."""
    status = everything_wrong(5_000)
    item = codec.status_item("APP#argocd/shop", status)
    assert ITEM * 0.9 >= len(item["body"])
    read = codec.status_from(item)
    assert [(r.key, r.sync) for r in status.resources] == [(r.key, r.sync) for r in read.resources]
    assert {"Degraded"} == {r.health.status for r in read.resources if r.health}
    assert all(resource.drift for resource in read.resources), "what drifted is still known to drift"
    assert status.resources[:200] == read.resources[:200], "the first keep their words"
    assert read.operation is not None
    assert status.operation is not None
    assert [(r.key, r.status) for r in status.operation.results] == [(r.key, r.status) for r in read.operation.results]
    assert status.operation.results[:200] == read.operation.results[:200]


def test_an_operation_with_too_much_to_say_fits_an_item() -> None:
    """GIVEN 5,000 failures in words of their own WHEN the operation is written THEN it fits and all are counted."""
    operation = everything_wrong(5_000).operation
    assert operation is not None
    item, _ = operationcodec.operation_item("APP#argocd/shop", operation)
    assert ITEM * 0.9 >= len(item["body"])
    assert 5_000 == sum(result.status == "failed" for result in operationcodec.operation_from(item).results)


def test_what_fits_is_kept_word_for_word() -> None:
    """GIVEN a status that fits WHEN written and read THEN nothing was left out."""
    status = everything_wrong(300)
    assert status == codec.status_from(codec.status_item("APP#argocd/shop", status))


def test_an_inventory_of_ten_thousand_fits_a_transaction() -> None:
    """GIVEN 10,000 objects in the middle of an apply WHEN packed THEN each chunk fits an item and all one transaction."""
    keys = [ObjectKey("", "ConfigMap", "shop", f"{noise(str(n), 10)}-{n}") for n in range(10_000)]
    inventory = {
        key: Entry(key, "v1", 0, noise(f"d{key}"), noise(f"i{key}"), noise(f"u{key}", 36), noise(f"f{key}"), "1")
        for key in keys
    }
    chunks = pack_rows(to_rows(inventory))
    assert ITEM > max(map(len, chunks))
    assert TRANSACTION > sum(map(len, chunks)) + 2 * ITEM
