"""One task of `bench.ground` in a process of its own: `python -m bench.working TASK JSON` prints what it cost."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.load import application
from mooring.composition import Composition
from mooring.events.messages import AppMessage, Cause, ClusterMessage
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey, parse_application
from mooring.state.records import Spec
from mooring.state.wanted import Commit, Rendering, WantedState

_URL = "https://git.test/bench.git"


def _found(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """Makes what `template.yaml` would have made."""
    import boto3

    client: Any = boto3.client
    dynamodb, sqs, kms = (client(name) for name in ("dynamodb", "sqs", "kms"))
    names = ("pk", "sk")
    dynamodb.create_table(
        TableName="bench",
        KeySchema=[
            {"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=True)
        ],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        BillingMode="PAY_PER_REQUEST",
    )
    client("s3").create_bucket(
        Bucket="bench", CreateBucketConfiguration={"LocationConstraint": os.environ["AWS_DEFAULT_REGION"]}
    )
    kms.create_alias(AliasName="alias/bench", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    for name in ("renders", "syncs", "later"):
        sqs.create_queue(QueueName=name)
    client("secretsmanager").create_secret(Name="webhook", SecretString=json.dumps({"github": "bench"}))
    return {}


def _register(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """Registers a cluster."""
    ours.registry.register_cluster(task["name"], task["server"], default=task["default"], config=task["config"])
    return {}


def _want(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """Declares applications of `size` objects each, as far as they are new, and lets git want them with this mark."""
    for number in range(task["first"], task["first"] + task["count"]):
        parsed = parse_application(application(number, _URL)).application
        previous = ours.applications.load([parsed.key])[parsed.key].spec
        spec = Spec(parsed, 1, ())
        if previous is None:
            ours.applications.declare(spec, previous=None, follows={"git.test/bench": ["HEAD"]})
        bundle = ours.bundles.save(tuple(_objects(number, task["size"], task["marks"])))
        revision = f"{task.get('revision', task['marks']) + 1:040x}"
        state = WantedState(
            revision, 1, time.time(), Cause("push", "delivery", "bench"),
            Commit("Ada", "ada@bench.test", "Change it", ""), "bench", Rendering(bundle, (), "", "Directory"),
        )  # fmt: skip
        assert not ours.applications.want([(parsed.key, state)])
    return {}


def _objects(number: int, size: int, changed: int) -> list[dict[str, Any]]:
    """ConfigMaps and Secrets with names as applications have them; the first `changed` carry another value."""
    namespace = application(number, _URL)["spec"]["destination"]["namespace"]  # type: ignore[index]
    objects: list[dict[str, Any]] = []
    for index in range(size):
        kind, field = ("Secret", "stringData") if index % 10 == 9 else ("ConfigMap", "data")
        values = {f"key-{line:02}": f"value {index}.{line}" for line in range(10)}
        if index < changed:
            values["changed"] = "yes"
        if kind == "Secret":
            values, field = dict.fromkeys(values, "dmFsdWU="), "data"
        metadata = {"name": f"{_word(index)}-{index}", "namespace": namespace, "labels": {"bench": "yes"}}
        objects.append({"apiVersion": "v1", "kind": kind, "metadata": metadata, field: values})
    return objects


def _word(index: int) -> str:
    """A word of a name, another for each number, so that names don't compress better than real ones."""
    import hashlib

    return hashlib.sha256(str(index).encode()).hexdigest()[:8]


def _sync(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """One invocation of `sync` for one application; `seconds` is the life that the function has left."""
    key = AppKey("argocd", application(task["number"], _URL)["metadata"]["name"])  # type: ignore[index]
    troubles = handle_syncs(ours.sync_ports("bench", task.get("seconds", 900)), [AppMessage(key, Cause("render"))])
    assert not troubles, troubles
    record = ours.applications.load([key], inventory=True)[key]
    operation = record.status.operation
    assert operation is not None, [(each.type, each.message) for each in record.status.conditions]
    items = list(ours.table.query(f"APP#{key}"))
    sizes = {item["sk"].partition("#")[0]: 0 for item in items}
    for item in items:
        name = item["sk"].partition("#")[0]
        sizes[name] = max(sizes[name], len(item.get("body", b"")))
    known = sum(bool(entry.digest and not entry.unsure) for entry in record.inventory.values())
    return {
        "phase": operation.phase, "message": operation.message, "sync": record.status.sync, "known": known,
        "chunks": record.chunks, "items": sizes,
    }  # fmt: skip


def _sync_all(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """One invocation after the other for some applications, ten messages each as SQS brings them."""
    names = [application(task["first"] + n, _URL)["metadata"]["name"] for n in range(task["count"])]  # type: ignore[index]
    keys = [AppKey("argocd", name) for name in names]
    for start in range(0, len(keys), 10):
        messages = [AppMessage(key, Cause("render")) for key in keys[start : start + 10]]
        assert not handle_syncs(ours.sync_ports("bench", 900), messages)
    states = {record.status.sync for record in ours.applications.load(keys).values()}
    assert states == {"Synced"}, states
    return {}


def _meddle(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """Somebody changes one object of each of some applications."""
    from mooring.cluster.auth import Connection
    from mooring.cluster.client import ApiServer

    cluster = ours.registry.clusters()[0]
    config = json.dumps(ours.registry.credentials_of(cluster)).encode()
    server = ApiServer(Connection.from_argo(cluster.server, config))
    for number in range(task["first"], task["first"] + task["count"]):
        metadata = _objects(number, 1, 0)[0]["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/configmaps/{metadata['name']}"
        headers = {"Content-Type": "application/merge-patch+json"}
        server.request("PATCH", path, {"fieldManager": "kubectl-edit"}, {"data": {"key-00": "by hand"}}, headers)
    return {}


def _sweep(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """One look at the whole cluster, as the schedule asks for it."""
    troubles = handle_syncs(ours.sync_ports("bench", 900), [ClusterMessage("in-cluster", Cause("tick"))])
    assert not troubles
    return {}


_TASKS: dict[str, Callable[[dict[str, Any], Composition], dict[str, Any]]] = {
    "found": _found,
    "register": _register,
    "want": _want,
    "sync": _sync,
    "sync_all": _sync_all,
    "sweep": _sweep,
    "meddle": _meddle,
}


def main(name: str, task: dict[str, Any]) -> None:
    """Carries out a task and prints what it cost."""
    ours = Composition(os.environ)
    base, wall, cpu = _peak(), time.monotonic(), time.process_time()
    if name not in _TASKS:
        from bench.crowding import TASKS
        from bench.priced import TASKS as PRICED

        _TASKS.update(TASKS | PRICED)
    said = _TASKS[name](task, ours)
    print(
        json.dumps(
            said | {"wall": time.monotonic() - wall, "cpu": time.process_time() - cpu, "base": base, "peak": _peak()}
        )
    )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
