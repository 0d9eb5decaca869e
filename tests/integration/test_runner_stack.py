"""A whole stack, started and ended: what `make up` promises, with a small system in Mooring's place."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.processes import StartError, wait_until
from local.repositories import create
from local.stack import Options, Stack

ROOT = Path(__file__).resolve().parents[2]

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Handler: app.handler, Timeout: 5, MemorySize: 128}}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  WebhookSecret:
    Type: AWS::SecretsManager::Secret
    Properties: {GenerateSecretString: {SecretStringTemplate: "{}", GenerateStringKey: github}}
  ApiTokenSecret:
    Type: AWS::SecretsManager::Secret
    Properties: {GenerateSecretString: {SecretStringTemplate: "{}", GenerateStringKey: token, ExcludePunctuation: true}}
  ApiFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/api
      Environment: {Variables: {TABLE: !Ref Table, TOKEN: !Ref ApiTokenSecret}}
      Events:
        Any: {Type: HttpApi, Properties: {Method: ANY, Path: "/api/v1/{proxy+}"}}
        Push: {Type: HttpApi, Properties: {Method: POST, Path: /api/webhook}}
"""

API = """
import json, os, shutil, boto3

def handler(event, context):
    if event["rawPath"] == "/api/webhook":
        return {"statusCode": 401}
    if event["rawPath"] == "/api/v1/tools":
        return {name: shutil.which(name) for name in ("git", "helm", "kustomize", "gokit", "sopskit", "kubectl")}
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["TOKEN"])["SecretString"]
    if event["headers"]["authorization"] != "Bearer " + json.loads(secret)["token"]:
        return {"statusCode": 401}
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    if event["requestContext"]["http"]["method"] == "PUT":
        table.put_item(Item={"pk": event["rawPath"], "body": event["body"]})
        return {"statusCode": 201}
    return table.get_item(Key={"pk": event["rawPath"]})["Item"]
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template whose one function plays the API."""
    code = tmp_path / "system" / "functions" / "api"
    code.mkdir(parents=True)
    (code / "app.py").write_text(API)
    path = tmp_path / "system" / "template.yaml"
    path.write_text(TEMPLATE)
    return path


@pytest.fixture
def stack(tmp_path: Path, template: Path) -> Iterator[Stack]:
    """A stack with a small cluster."""
    options = Options(directory=tmp_path / "stack", template=template, workloads=False)
    with Stack.start(options, lambda line: None) as started:
        yield started


def test_a_stack_that_started_is_complete(stack: Stack) -> None:
    """What `stack.json` says is true: the cluster, the API, the webhook and git answer with what it names."""
    told = json.loads(stack.file.read_text())

    assert 0o600 == stack.file.stat().st_mode & 0o777
    item = json.loads(_get(f"{told['mooring']['url']}/api/v1/clusters/in-cluster", told["mooring"]["token"]))
    body = json.loads(item["body"])
    assert (told["cluster"]["server"], True) == (body["server"], body["default"])
    assert told["cluster"]["token"] == body["config"]["bearerToken"]
    assert b"BEGIN CERTIFICATE" in base64.b64decode(body["config"]["tlsClientConfig"]["caData"])
    assert f"{told['mooring']['url']}/api/webhook" == told["webhook"]["url"]
    assert 32 == len(told["webhook"]["secret"])
    create(Path(told["git"]["root"]), "shop.git")
    assert "service=git-upload-pack" in _get(f"{told['git']['url']}/shop.git/info/refs?service=git-upload-pack")
    assert {"runner", "emulators", "cluster"} == set(told["pids"])
    assert all(_runs(pid) for pid in (told["pids"]["runner"], *told["pids"]["emulators"], *told["pids"]["cluster"]))


def test_functions_find_the_tools_layer_and_git_first(stack: Stack) -> None:
    """PATH leads to what the tools layer ships, and to nothing else that the stack uses."""
    found = json.loads(_get(f"{stack.mooring.url}/api/v1/tools"))

    folder = stack.directory / "bin"
    assert {name: str(folder / name) for name in ("git", "helm", "kustomize", "gokit", "sopskit")} | {
        "kubectl": None
    } == {
        **found,
        "kubectl": None if not (found["kubectl"] or "").startswith(str(folder)) else found["kubectl"],
    }


def test_two_stacks_share_a_machine_and_not_a_folder(stack: Stack, template: Path, tmp_path: Path) -> None:
    """Another folder is another stack, here on the first one's cluster; the same folder is refused."""
    beside = Options(directory=tmp_path / "beside", template=template, kubeconfig=stack.cluster.kubeconfig)
    with Stack.start(beside, lambda line: None) as second:
        assert stack.cluster.server == second.cluster.server
        assert [] == second.pids["cluster"]
        assert stack.mooring.url != second.mooring.url
    assert not second.file.exists()
    assert 200 == stack.cluster.client("GET", "/readyz")[0]

    with pytest.raises(StartError, match="a stack runs in .* already"):
        Stack.start(Options(directory=stack.directory, template=template, workloads=False), lambda line: None)
    assert stack.file.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_command(tmp_path: Path, template: Path, number: signal.Signals) -> None:
    """However `up` ends, every process that it started ends and every port is free; asked to end, it tidies up."""
    directory = tmp_path / "stack"
    command: list[str | Path] = [sys.executable, "-m", "local", "up", "--directory", directory]
    command += ["--template", template, "--no-workloads"]
    with (tmp_path / "up.log").open("w") as log:
        up = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    try:
        file = directory / "stack.json"
        wait_until(lambda: file.exists() or up.poll() is not None, "stack.json", timeout=120)
        assert file.exists(), (tmp_path / "up.log").read_text()
        told = json.loads(file.read_text())
        started = [told["pids"]["runner"], *told["pids"]["emulators"], *told["pids"]["cluster"]]
        started += _children(told["pids"]["runner"])
        os.kill(up.pid, number)
        code = up.wait(30)
    finally:
        up.kill()

    wait_until(lambda: not any(map(_runs, started)), "the end", timeout=15)
    urls = (told["cluster"]["server"], told["mooring"]["url"], told["git"]["url"])
    wait_until(lambda: all(map(_free, urls)), "free ports", timeout=15)
    if number != signal.SIGKILL:
        assert (0, False) == (code, file.exists())


def test_a_runner_that_cannot_start_says_why(tmp_path: Path, template: Path) -> None:
    """A template that can't be run ends the start with the template's error, and nothing stays behind."""
    template.write_text(TEMPLATE.replace("AWS::DynamoDB::Table", "AWS::Odd::Thing"))
    options = Options(directory=tmp_path / "stack", template=template, workloads=False)

    with pytest.raises(StartError, match="AWS::Odd::Thing is not known"):
        Stack.start(options, lambda line: None)


def _get(url: str, token: str = "") -> str:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode(errors="replace"))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _free(url: str) -> bool:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", urlsplit(url).port))
        return True
    return False


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found
