"""The command on a whole stack: rollback, actions, logs that are followed, folders compared before a push, and `top`."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.stack import Options, Stack
from tests.doubles.canaries import spellings
from tests.e2e.ground import Case, Ground, config_map, text, until

CANARY = "a-password-of-this-folder"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack with workloads and, for the length of these tests, without sweeps."""
    options = Options(directory=tmp_path_factory.mktemp("command") / "stack", sweep=3600)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def run(case: Case, *arguments: str) -> tuple[int, str, str]:
    done = case.ground.run_mooring("app", *arguments)
    return done.returncode, done.stdout, done.stderr


def pods(case: Case) -> list[str]:
    """The names of its pods, as the tree shows them."""
    parts = run(case, "tree", case.name)[1].split()
    return [name.removeprefix("Pod/") for name in parts if name.startswith("Pod/web-")]


def deployment() -> dict[str, Any]:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "shop:1"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def test_a_bad_push_is_rolled_back_and_made_up_for(ground: Ground) -> None:
    """GIVEN an automated application WHEN its last push is rolled back THEN the former one is there until it is resumed."""
    case = ground.new("back")
    case.push({"k8s/settings.yaml": text(config_map(color="green"))})
    case.until(lambda app: len(app["status"]["history"]) == 2)
    number = json.loads(run(case, "history", case.name, "-o", "json")[1])[0]["id"]
    code, out, err = run(case, "rollback", case.name, str(number))
    assert (0, {"settings": "blue"}) == (code, case.colors()), out + err
    assert "automated sync is paused" in err
    code, out, _ = run(case, "compare", case.name, str(number))
    assert (1, True) == (code, "-  color: blue\n+  color: green" in out), out
    code, out, _ = run(case, "diff", case.name, "--live")
    assert (1, True) == (code, "+  color: green" in out), out
    assert (0, f"application {case.name}: resumed\n", "") == run(case, "resume", case.name)
    until(lambda: case.colors() == {"settings": "green"}, case.get)
    manifests = list(yaml.safe_load_all(run(case, "manifests", case.name, "--source", "live")[1]))
    assert ["green"] == [each["data"]["color"] for each in manifests]


def test_a_workload_is_seen_handled_and_followed(ground: Ground) -> None:
    """GIVEN a Deployment WHEN it is looked at, restarted and its log followed THEN the command shows each."""
    case = ground.new("seen", deployment())
    until(lambda: "Pod/web-" in run(case, "tree", case.name)[1], lambda: run(case, "tree", case.name))
    assert "ScalingReplicaSet" in run(case, "events", case.name, "--kind", "Deployment/web")[1]
    assert "restart" in run(case, "actions", "list", case.name, "--kind", "Deployment/web")[1]
    pod = pods(case)[0]
    assert "listening on :8080" in run(case, "logs", case.name)[1]
    # WHEN the log is followed and something is written THEN what was asked for comes, once
    environment = os.environ | {"MOORING_URL": ground.stack.mooring.url, "MOORING_TOKEN": ground.stack.mooring.secret}
    command = [
        sys.executable,
        "-u",
        "-m",
        "mooring_cli.main",
        "app",
        "logs",
        case.name,
        "--kind",
        f"Pod/{pod}",
        "-f",
        "--filter",
        "order no",
    ]
    with subprocess.Popen(
        command, cwd=ground.stack.directory, env=environment, stdout=subprocess.PIPE, text=True
    ) as following:
        try:
            logs = ground.stack.cluster.logs
            assert logs is not None and following.stdout is not None
            for number in range(2):
                logs.write(
                    case.name, pod, "web", (time.time() + 1, f"order no {number}"), (time.time() + 1, "and more")
                )
                assert f"order no {number}\n" == following.stdout.readline()
        finally:
            following.terminate()
    code, out, err = run(case, "actions", "run", case.name, "restart", "--kind", "Deployment/web")
    assert 0 == code, out + err
    _, found = ground.stack.cluster.client("GET", f"/apis/apps/v1/namespaces/{case.name}/deployments/web")
    assert "kubectl.kubernetes.io/restartedAt" in found["spec"]["template"]["metadata"]["annotations"]
    # WHEN the restart has replaced the pod THEN the new one can be deleted
    until(lambda: len(pods(case)) == 1 and pods(case) != [pod], lambda: pods(case))
    (pod,) = pods(case)
    code, out, err = run(case, "delete-resource", case.name, "--kind", f"Pod/{pod}", "-y")
    assert (0, True) == (code, pod in out), out + err


@pytest.fixture
def programs(tools: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """What renders is on PATH, as on the machine of somebody who uses `--local`."""
    folders = [str(Path(each).parent) for each in tools.values()]
    monkeypatch.setenv("PATH", os.pathsep.join([*dict.fromkeys(folders), os.environ["PATH"]]))


KUSTOMIZATION = "resources: [settings.yaml]\nnamePrefix: my-\n"
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "templates/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-c}\n"
    'data: {color: {{ .Values.color }}, apps: "{{ .Capabilities.APIVersions.Has "apps/v1/Deployment" }}"}\n',
    "values.yaml": "color: blue\n",
}
JSONNET = "function(color='blue') {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'j'}, data: {color: color}}"


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(
    ("kind", "files", "source", "changed"),
    [
        ("yaml", {"settings.yaml": text(config_map())}, {}, {"settings.yaml": text(config_map(color="green"))}),
        (
            "kustomize",
            {"kustomization.yaml": KUSTOMIZATION, "settings.yaml": text(config_map())},
            {"kustomize": {"nameSuffix": "-x"}},
            {"settings.yaml": text(config_map(color="green"))},
        ),
        ("helm", CHART, {"helm": {"releaseName": "web"}}, {"values.yaml": "color: green\n"}),
        (
            "jsonnet",
            {"settings.jsonnet": JSONNET},
            {"directory": {"jsonnet": {"tlas": [{"name": "color", "value": "blue"}]}}},
            {"settings.jsonnet": JSONNET.replace("color: color", "color: 'green'")},
        ),
    ],
)
def test_a_folder_is_compared_before_it_is_pushed(
    ground: Ground, tmp_path: Path, kind: str, files: dict[str, str], source: dict[str, Any], changed: dict[str, str]
) -> None:
    """GIVEN a checkout WHEN it is what git has THEN nothing differs; WHEN a file changes THEN just that does."""
    case = ground.new(kind, automated=False)
    case.commit({"k8s/settings.yaml": None, **{f"k8s/{name}": content for name, content in files.items()}})
    case.spec["source"] |= source
    assert 200 == case.declare().status
    assert "Succeeded" == case.sync(prune=True)["status"]["operationState"]["phase"]
    folder = tmp_path / "checkout" / "k8s"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    given = ("--local", str(folder), "--local-repo-root", str(tmp_path / "checkout"))
    assert (0, "nothing differs\n", "") == run(case, "diff", case.name, *given)
    for name, content in changed.items():
        (folder / name).write_text(content)
    code, out, err = run(case, "diff", case.name, *given)
    assert (1, True, 1) == (code, "-  color: blue\n+  color: green" in out, out.count("=====")), out + err
    assert "blue" in json.dumps(case.colors())


def test_a_secret_of_a_folder_is_shown_to_nobody(ground: Ground, tmp_path: Path) -> None:
    """GIVEN a changed Secret in a folder WHEN compared THEN that it differs is told, and in no answer its value."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}, "stringData": {"password": "former"}}
    case = ground.new("hidden", secret)
    (tmp_path / "s.yaml").write_text(text({**secret, "stringData": {"password": CANARY}}))
    code, out, err = run(case, "diff", case.name, "--local", str(tmp_path))
    assert (1, True) == (code, "===== Secret" in out), out + err
    told = json.dumps(ground.answers).encode()
    assert [] == [name for name, form in spellings(CANARY).items() if form in told]


def test_top_shows_the_stack_on_a_terminal(ground: Ground) -> None:
    """GIVEN an application WHEN the fleet is watched and it degrades THEN the terminal shows it, and `q` ends."""
    case = ground.new("watched")
    leader, follower = pty.openpty()
    environment = os.environ | {"MOORING_URL": ground.stack.mooring.url, "MOORING_TOKEN": ground.stack.mooring.secret}
    environment |= {"TERM": "xterm-256color", "COLUMNS": "160", "LINES": "40"}
    process = subprocess.Popen(
        [sys.executable, "-m", "mooring_cli.main", "top"], cwd=ground.stack.directory, env=environment,
        stdin=follower, stdout=follower, stderr=follower,
    )  # fmt: skip
    os.close(follower)
    shown = b""

    def seen(words: str) -> bool:
        nonlocal shown
        if select.select([leader], [], [], 0.2)[0]:
            shown += os.read(leader, 65536)
        return words.encode() in shown

    try:
        until(lambda: seen(case.name), lambda: shown)
        os.write(leader, f"/{case.name}\r\r".encode())
        until(lambda: seen(f"argocd/{case.name}  "), lambda: shown)
        until(lambda: seen("ConfigMap"), lambda: shown)
        os.write(leader, b"qq")
        until(lambda: seen("\x1b[?1049l"), lambda: shown)
        assert 0 == process.wait(timeout=30)
    finally:
        process.kill()
        process.wait()
        os.close(leader)
