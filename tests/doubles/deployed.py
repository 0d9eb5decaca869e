"""One function as Lambda starts it, in this process: its own folder on the path, its environment set, AWS by moto.

Functions are all called `app`, and so are forgotten at the end, with whatever else came from their folders.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from mooring.state.table import Table
from tests.doubles.tables import create_table

__all__ = ["API_TOKEN", "REGION", "Deployed", "Handler", "deployed", "deployed_api"]

REGION = "eu-central-1"
API_TOKEN = "a-token-for-tests"  # noqa: S105 (of moto's account)
_FUNCTIONS = Path(__file__).parents[2] / "functions"

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Deployed:
    """The handler, and what is behind it; addresses of queues by the names that `Queues` uses."""

    handler: Handler
    table: Table
    sqs: Any
    secrets: Any
    queues: Mapping[str, str]


@contextmanager
def deployed(
    function: str, secrets: Mapping[str, object], queues: Sequence[str], settings: Mapping[str, str] | None = None
) -> Iterator[Deployed]:
    """A new installation, as this function sees it; each name is the one in its environment (`MOORING_…_SECRET`)."""
    before = set(sys.modules)
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        sqs: Any = boto3.client("sqs", region_name=REGION)
        held = boto3.client("secretsmanager", region_name=REGION)
        environment = {"TABLE": "mooring", **(settings or {})}
        for name, content in secrets.items():
            held.create_secret(Name=name.lower(), SecretString=json.dumps(content))
            environment[f"{name}_SECRET"] = name.lower()
        addresses = {}
        for name in queues:
            fifo = name != "LATER"
            attributes = {"FifoQueue": "true"} if fifo else {}
            queue = sqs.create_queue(QueueName=f"{name}{'.fifo' if fifo else ''}", Attributes=attributes)
            environment[f"{name}_QUEUE"] = addresses[name.lower()] = queue["QueueUrl"]
        for name, value in environment.items():
            patch.setenv(f"MOORING_{name}", value)
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):  # Lambda sets both
            patch.setenv(name, REGION)
        patch.syspath_prepend(_FUNCTIONS / function)
        table = create_table(boto3.client("dynamodb", region_name=REGION), "mooring")
        from app import handler  # type: ignore[import-not-found]

        yield Deployed(handler, table, sqs, held, addresses)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(_FUNCTIONS)):
            del sys.modules[name]


@contextmanager
def deployed_api() -> Iterator[Deployed]:
    """The function `api`, which answers whoever has `API_TOKEN`."""
    secrets = {"API_TOKEN": {"token": API_TOKEN}}
    with deployed("api", secrets, ("RENDERS", "SYNCS", "NOTES", "IMAGES"), {"SECRET_PREFIX": "m"}) as found:
        yield found
