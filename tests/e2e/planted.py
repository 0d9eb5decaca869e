"""Secrets that are planted in a stack, and everything that Mooring leaves behind there, to look for them."""

from __future__ import annotations

import base64
import datetime
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.e2e.ground import Case, Ground

__all__ = ["Age", "left_behind", "live", "password", "plain_secret", "stored"]


class Age:
    """A key that the installation keeps, and the real sops."""

    def __init__(self, ground: Ground, tools: Mapping[str, Path], folder: Path) -> None:
        made = subprocess.run([tools["age-keygen"]], capture_output=True, text=True, check=True).stdout
        self._recipient = made.partition("public key: ")[2].split()[0]
        self._sops, self._folder = tools["sops"], folder
        ground.stack.client("secretsmanager").create_secret(Name="mooring/sops/shared", SecretString=made)

    def encrypt(self, name: str, content: str, *flags: str) -> bytes:
        """A file of this name, encrypted for the key."""
        file = self._folder / name
        file.write_text(content)
        command = [self._sops, "encrypt", "--age", self._recipient, *flags, file]
        return subprocess.run(command, capture_output=True, check=True).stdout

    def secret(self, value: str) -> bytes:
        """A Secret with this password, encrypted as a manifest is."""
        manifest = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData:\n  password: {value}\n"
        return self.encrypt("secret.yaml", manifest, "--encrypted-regex", "^(data|stringData)$")


def plain_secret(case: Case, value: str, name: str = "db") -> dict[str, Any]:
    """A Secret with this password."""
    metadata = {"name": name, "namespace": case.name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": value}}


def live(case: Case, path: str) -> dict[str, Any]:
    """An object of the cluster; `{}` in the path is the application's namespace."""
    status, answer = case.ground.stack.cluster.client("GET", path.format(case.name))
    assert status == 200, answer
    found: dict[str, Any] = answer
    return found


def password(case: Case, name: str = "db") -> str:
    """What is in the live Secret; `gone` where it is deleted, or waits for a garbage collector that isn't there."""
    status, found = case.ground.stack.cluster.client("GET", f"/api/v1/namespaces/{case.name}/secrets/{name}")
    if status == 404 or "deletionTimestamp" in found["metadata"]:
        return "gone"
    return base64.b64decode(found["data"]["password"]).decode()


def stored(ground: Ground) -> dict[str, bytes]:
    """What is in the table and the bucket now, which may be overwritten later."""
    stack = ground.stack
    found: dict[str, bytes] = {}
    number = 0
    for page in stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.resources["Table"]):
        for item in page["Items"]:
            for name, typed in item.items():
                (value,) = typed.values()
                number += 1
                found[f"table {name} {number}"] = value if isinstance(value, bytes) else repr(value).encode()
    s3, bucket = stack.client("s3"), stack.resources["Bucket"]
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for each in page.get("Versions", ()):
            got = s3.get_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
            about = json.dumps([each["Key"], got["Metadata"], got["ContentType"]]).encode()
            found[f"bucket {each['Key']} {each['VersionId']}"] = about + b"\n" + got["Body"].read()
    return found


def left_behind(ground: Ground) -> dict[str, bytes]:
    """Everything that Mooring left behind, by place: answers, what commands print, files (logs of the functions among
    them), table, bucket, queues, events of the cluster, traces. Not git, where only ciphertext is, nor the Secrets.
    """
    stack = ground.stack
    found = {f"answer {number}": answer.encode() for number, answer in enumerate(ground.answers)}
    for file in {each for each in stack.directory.rglob("*") if each.is_file()}:
        if not {"etcd", "git", "bin", "cluster"} & set(file.relative_to(stack.directory).parts):
            found[f"file {file.relative_to(stack.directory)}"] = file.read_bytes()
    found |= stored(ground)
    sqs = stack.client("sqs")
    for name, url in stack.resources.items():
        if name.endswith(("Queue", "DeadLetters")) and url.startswith("http"):
            messages: list[Any] = []
            asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "AttributeNames": ["All"]}
            while more := sqs.receive_message(**asked).get("Messages"):
                messages += more
            found[f"queue {name}"] = repr(messages).encode()
    status, events = stack.cluster.client("GET", "/api/v1/events")
    assert status == 200, events
    found["events"] = json.dumps(events).encode()
    found["traces"] = json.dumps(_traces(stack.client("xray")), default=str).encode()
    logs = stack.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        lines = logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
        found[f"log group {group['logGroupName']}"] = json.dumps([group, lines], default=str).encode()
    return found


def _traces(xray: Any) -> list[Any]:
    """Every trace of the last day, with all its segments."""
    until = datetime.datetime.now(datetime.UTC)
    asked = {"StartTime": until - datetime.timedelta(days=1), "EndTime": until}
    ids = [each["Id"] for each in xray.get_trace_summaries(**asked)["TraceSummaries"]]
    return xray.batch_get_traces(TraceIds=ids)["Traces"] if ids else []
