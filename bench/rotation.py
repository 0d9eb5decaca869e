"""How long a changed secret takes to the cluster: `python -m bench.rotation [--changes 10]`, from the root.

A value is written into Secrets Manager; the event that CloudTrail would bring is given to the handler of `sweep`, warm
and in this process; the runner carries out `sync`; a poll of the API server sees the new Secret. Timed is from before
the writing until then, on the local stack. What AWS takes between a change and its event is no part of it.
"""

from __future__ import annotations

import argparse
import base64
import importlib.util
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from local.demo.stage import Stage, open_stage
from local.demo.world import until
from local.repositories import commit, create
from local.stack import Options

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parent.parent
_LIVE = "/api/v1/namespaces/rotation/secrets/db"
_VERSION = "external-secrets.io/v1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.rotation", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--changes", type=int, default=10)
    chosen = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="mooring-bench-") as directory,
        open_stage(Options(directory=Path(directory)), lambda line: print(line, file=sys.stderr, flush=True)) as stage,
        mock.patch.dict(os.environ, _variables(stage)),
    ):
        begin = _prepare(stage)
        taken = sorted(_change(stage, begin, number) for number in range(1, chosen.changes + 1))
        syncs = [float(line["duration_ms"]) for line in stage.invocations() if line["function"] == "sync"][
            -chosen.changes :
        ]
    print("| changes | p50 s | worst s | of it sync, median ms |\n| --- | --- | --- | --- |")
    row = (statistics.median(taken), taken[-1])
    print(f"| {len(taken)} | {row[0]:.2f} | {row[1]:.2f} | {statistics.median(syncs):.0f} |")
    return 0


def _variables(stage: Stage) -> dict[str, str]:
    stack = stage.stack
    names = {"MOORING_TABLE": "Table", "MOORING_SYNCS_QUEUE": "SyncsQueue", "MOORING_RENDERS_QUEUE": "RendersQueue"}
    access = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "eu-central-1"}
    told = {"AWS_ENDPOINT_URL": stack.endpoint, "POWERTOOLS_LOG_LEVEL": "ERROR", **access}
    return told | {name: stack.resources[resource] for name, resource in names.items()}


def _prepare(stage: Stage) -> Callable[[Mapping[str, Any]], object]:
    """An application with an ExternalSecret is in the cluster; returns `sweep`'s handler."""
    stage.stack.client("secretsmanager").create_secret(Name="shop/db", SecretString="value 0")
    repository = create(stage.world.git_root, "rotation.git")
    role = "arn:aws:iam::123456789012:role/shop"
    provider = {"aws": {"service": "SecretsManager", "region": "eu-central-1", "role": role}}
    store = {"apiVersion": _VERSION, "kind": "SecretStore", "metadata": {"name": "aws"}, "spec": {"provider": provider}}
    data = [{"secretKey": "password", "remoteRef": {"key": "shop/db"}}]
    spec = {"refreshInterval": "1h", "secretStoreRef": {"name": "aws"}, "data": data}
    external = {"apiVersion": _VERSION, "kind": "ExternalSecret", "metadata": {"name": "db"}, "spec": spec}
    commit(repository, {"store.yaml": json.dumps(store), "db.yaml": json.dumps(external)}, "Start")
    application = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "rotation", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": f"{stage.world.git_url}/rotation.git", "targetRevision": "main", "path": "."},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "rotation"},
            "syncPolicy": {"automated": {"selfHeal": True}, "syncOptions": ["CreateNamespace=true"]},
        },
    }
    declared = stage.world.work / "rotation.json"
    declared.write_text(json.dumps(application))
    stage.world.run_mooring("apply", "-f", str(declared))
    _until(stage, "value 0")
    stage.world.synced("rotation")
    spec_of = importlib.util.spec_from_file_location("rotation_sweep", _ROOT / "functions/sweep/app.py")
    assert spec_of is not None
    assert spec_of.loader is not None
    module = importlib.util.module_from_spec(spec_of)
    spec_of.loader.exec_module(module)
    module.handler({**_event(), "id": "warm"}, None)
    time.sleep(2)
    return lambda event: module.handler(event, None)


def _event() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_ROOT / "events/sweep-secret.json").read_text())
    return found


def _change(stage: Stage, handle: Callable[[Mapping[str, Any]], object], number: int) -> float:
    begun = time.monotonic()
    stage.stack.client("secretsmanager").put_secret_value(SecretId="shop/db", SecretString=f"value {number}")
    handle({**_event(), "id": f"change-{number}"})
    _until(stage, f"value {number}")
    taken = time.monotonic() - begun
    time.sleep(1)  # the sync that applied it ends, with its status
    return taken


def _until(stage: Stage, value: str) -> None:
    wanted = base64.b64encode(value.encode()).decode()

    def new() -> bool:
        found = stage.world.get(_LIVE)
        return found is not None and found["data"]["password"] == wanted

    until(new, timeout=30, otherwise=lambda: f"the Secret does not hold {value!r}", pause=0.01)


if __name__ == "__main__":
    sys.exit(main())
