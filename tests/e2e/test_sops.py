"""SOPS files and rotations on real parts: git, sops, the functions as they are deployed, and a cluster.

After all of it, everything that Mooring left behind is searched for what was encrypted.
"""

from __future__ import annotations

import base64
import subprocess
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local.stack import Options, Stack
from tests.e2e.ground import Case, Ground, config_map, text

FIRST, SECOND, IN_VALUES = "canary-1st-4be0c7d2", "canary-2nd-91aa03fe", "canary-3rd-7c55e6b8"
CANARIES = (FIRST, SECOND, IN_VALUES)
CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "chart/templates/config.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {color: {{ .Values.token | quote }}}\n"
    ),
    "chart/values.yaml": "token: none\n",
}
WORKLOAD = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "annotations": {"mooring.dev/restart-on-change": "true"}},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "web", "envFrom": [{"secretRef": {"name": "db"}}]}]},
        },
    },
}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack without workloads and, for the length of these tests, without sweeps."""
    options = Options(directory=tmp_path_factory.mktemp("sops") / "stack", workloads=False, sweep=3600)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


class Age:
    """A key that the installation keeps, and the real sops."""

    def __init__(self, ground: Ground, tools: Mapping[str, Path], folder: Path) -> None:
        made = subprocess.run([tools["age-keygen"]], capture_output=True, text=True, check=True).stdout
        self._recipient = made.partition("public key: ")[2].split()[0]
        self._sops, self._folder = tools["sops"], folder
        name = f"mooring/sops/shared"
        ground.stack.client("secretsmanager").create_secret(Name=name, SecretString=made)

    def encrypt(self, name: str, content: str, *flags: str) -> bytes:
        """A file of this name, encrypted for the key."""
        file = self._folder / name
        file.write_text(content)
        command = [self._sops, "encrypt", "--age", self._recipient, *flags, file]
        return subprocess.run(command, capture_output=True, check=True).stdout

    def secret(self, value: str, **data: str) -> bytes:
        """A Secret with this password, encrypted as a manifest is."""
        lines = "".join(f"  {key}: {each}\n" for key, each in {"password": value, **data}.items())
        manifest = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData:\n{lines}"
        return self.encrypt("secret.yaml", manifest, "--encrypted-regex", "^(data|stringData)$")


@pytest.fixture(scope="module")
def age(ground: Ground, tools: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Age:
    return Age(ground, tools, tmp_path_factory.mktemp("encrypting"))


def _live(case: Case, path: str) -> dict[str, Any]:
    status, answer = case.ground.stack.cluster.client("GET", path.format(case.name))
    assert status == 200, answer
    found: dict[str, Any] = answer
    return found


def _password(case: Case) -> str:
    data = _live(case, "/api/v1/namespaces/{}/secrets/db")["data"]
    return base64.b64decode(data["password"]).decode()


def _generation(case: Case) -> int:
    return int(_live(case, "/apis/apps/v1/namespaces/{}/deployments/web")["metadata"]["generation"])


def _push(case: Case, files: Mapping[str, str | bytes | None]) -> None:
    revision = case.push(files)
    case.until(
        lambda app: app["status"]["sync"].get("revision") == revision and app["status"]["sync"]["status"] == "Synced"
    )


def test_a_rotated_secret_restarts_who_asks_for_it(ground: Ground, age: Age) -> None:
    """GIVEN a workload that asks WHEN the password is new THEN its template is; and at no other commit."""
    case = ground.new("rotated")
    _push(case, {"k8s/web.yaml": text(WORKLOAD), "k8s/db.yaml": age.secret(FIRST)})
    assert FIRST == _password(case)
    before = _generation(case)
    # WHEN the same value is encrypted anew, and something else changes
    _push(case, {"k8s/db.yaml": age.secret(FIRST), "k8s/settings.yaml": text(config_map(color="green"))})
    assert before == _generation(case)
    # WHEN the value changes
    _push(case, {"k8s/db.yaml": age.secret(SECOND)})
    assert SECOND == _password(case)
    assert before + 1 == _generation(case)


def test_a_file_that_does_not_open_changes_nothing(ground: Ground, age: Age) -> None:
    """WHEN an encrypted file was changed by hand THEN the condition names it, and the Secret stays."""
    case = ground.new("tampered")
    _push(case, {"k8s/db.yaml": age.secret(FIRST)})
    case.push({"k8s/db.yaml": age.secret(SECOND).replace(b"name: db", b"name: bd")})
    assert "k8s/db.yaml: its MAC does not fit" in case.condition("ComparisonError")
    assert FIRST == _password(case)


def test_values_of_charts_are_hidden_wherever_they_end(ground: Ground, age: Age) -> None:
    """GIVEN a chart that puts a value into a ConfigMap WHEN it also fails with it THEN the error doesn't tell."""
    case = ground.new("chart")
    case.declare(source={"path": "chart", "helm": {"valueFiles": ["secrets://secrets.yaml"]}})
    _push(case, {**CHART, "chart/secrets.yaml": age.encrypt("secrets.yaml", f"token: {IN_VALUES}\n")})
    assert IN_VALUES in _live(case, "/api/v1/namespaces/{}/configmaps/settings")["data"]["color"]
    case.push({"chart/templates/config.yaml": '{{ fail (printf "no %s" .Values.token) }}'})
    assert "no (hidden)" in case.condition("ComparisonError")


def test_nothing_that_was_encrypted_is_left_behind(ground: Ground) -> None:
    """GIVEN all that happened THEN answers, logs, files, table, bucket and queues hold none of the values."""
    traces = list(_traces(ground))
    # Where this is found, a value would be found too.
    known = {place.partition(" ")[0] for place, content in traces if b"rotated-" in content}
    assert {"answer", "table"} <= known
    for place, content in traces:
        for canary in CANARIES:
            plain = canary.encode()
            for form in (plain, base64.b64encode(plain).rstrip(b"=")[:-1], plain.hex().encode()):
                assert form not in content, place


def _traces(ground: Ground) -> Iterator[tuple[str, bytes]]:
    """Everything that Mooring left behind; not git, where only ciphertext is, nor the cluster, which is to have it."""
    stack = ground.stack
    for number, answer in enumerate(ground.answers):
        yield f"answer {number}", answer.encode()
    ours = [stack.directory, Path(stack.directory, "tmp")]
    for file in {each for folder in ours for each in folder.rglob("*") if each.is_file()}:
        if not {"etcd", "git", "bin", "cluster"} & set(file.relative_to(stack.directory).parts):
            yield str(file), _unpacked(file.read_bytes())
    for page in stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.resources["Table"]):
        for item in page["Items"]:
            yield "table", repr(item).encode()
            for value in item.values():
                yield "table", _unpacked(bytes(value["B"])) if "B" in value else b""
    s3, bucket = stack.client("s3"), stack.resources["Bucket"]
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", ()):
            yield found["Key"], _unpacked(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    sqs = stack.client("sqs")
    for name, url in stack.resources.items():
        if name.endswith(("Queue", "DeadLetters")) and url.startswith("http"):
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            yield name, repr(answer.get("Messages")).encode()


def _unpacked(content: bytes) -> bytes:
    try:
        return content + zlib.decompress(content)
    except zlib.error:
        return content
