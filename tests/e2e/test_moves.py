"""Nothing moves unseen: every verb of kubectl and several controllers, in every drift mode, on one stack.

The API server posts its audit log, a function watches, and sweeps run when a test asks for one: so each mode is alone
at work while it is tried. Every person has a name of his own, and must be the only one who is named.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import urllib3

from local.stack import Options, Stack
from tests.e2e.ground import Case, Ground, config_map, until

MODES = ["sweep", "watch", "audit"]
RESTART = "restart"
CONTROLLER = "system:kube-controller-manager"
INJECTOR = "system:serviceaccount:cert-manager:cert-manager-cainjector"


def web(name: str, **changed: Any) -> dict[str, Any]:
    """A Deployment as git has it, or with other values; without pods, so that nothing has to start."""
    labels = {"app": name}
    pod = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "web", "image": changed.get("image", "web:1")}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"team": "shop"}, "annotations": {"owner": "shop"}},
        "spec": {"replicas": changed.get("replicas", 0), "selector": {"matchLabels": labels}, "template": pod},
    }


IMAGE = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:2"}]}}}}
REPLICAS = [{"op": "replace", "path": "/spec/replicas", "value": 1}]
VERBS: dict[str, list[str]] = {
    "edit": ["edit", "deployment/edit"],
    "scale": ["scale", "deployment/scale", "--replicas=1"],
    "image": ["set", "image", "deployment/image", "web=web:2"],
    "strategic": ["patch", "deployment/strategic", "--type=strategic", "-p", json.dumps(IMAGE)],
    "merge": ["patch", "deployment/merge", "--type=merge", "-p", '{"spec":{"replicas":1}}'],
    "json": ["patch", "deployment/json", "--type=json", "-p", json.dumps(REPLICAS)],
    "client": ["apply", "-f", "-"],
    "server": ["apply", "--server-side", "--force-conflicts", "-f", "-"],
    "label": ["label", "deployment/label", "team=mine", "--overwrite"],
    "annotate": ["annotate", "deployment/annotate", "owner=mine", "--overwrite"],
    RESTART: ["rollout", "restart", "deployment/restart"],
    "delete": ["delete", "deployment/delete", "--wait=false"],
    "replace": ["replace", "--force", "-f", "-"],
}
"""By the name of the object that it is done to."""


@dataclass(slots=True)
class Place:
    """The stack, the application with an object for every verb, and those who act on it."""

    ground: Ground
    case: Case
    http: urllib3.PoolManager = field(init=False)

    def __post_init__(self) -> None:
        ca = self.ground.stack.cluster.access.ca_data
        self.http = urllib3.PoolManager(ca_cert_data=ca, timeout=30.0, retries=False)

    def kubectl(self, verb: str) -> None:
        """What somebody of that name does. A replacement may come too late, when the object is back already."""
        command = [
            str(self.ground.stack.tools["kubectl"]), "--kubeconfig", str(self.ground.stack.cluster.kubeconfig),
            "-n", self.case.name, "--as", person(verb), "--as-group", "system:masters", *VERBS[verb],
        ]  # fmt: skip
        done = subprocess.run(
            command, input=json.dumps(web(verb, image="web:2")), env={**os.environ, "KUBE_EDITOR": "sed -i s/web:1/web:2/"},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0 or verb == "replace", done.stderr

    def send(self, user: str, method: str, path: str, body: object, kind: str = "application/merge-patch+json") -> None:
        """One request of a program's."""
        access = self.ground.stack.cluster.access
        headers = {"Authorization": f"Bearer {access.token}", "Content-Type": kind, "User-Agent": "a-program/1.0"}
        headers |= {"Impersonate-User": user, "Impersonate-Group": "system:masters"}
        answer = self.http.request(method, f"{access.server}{path}", body=json.dumps(body), headers=headers)
        assert answer.status in (200, 201), answer.data

    def records(self, case: Case | None = None) -> list[dict[str, Any]]:
        """Everything on record of an application, oldest first."""
        answer = self.ground.ask("GET", f"drifts?app={(case or self.case).name}&all=true&limit=500")
        found: list[dict[str, Any]] = answer.body["items"]
        return found[::-1]

    def mode(self, mode: str) -> None:
        """Sets the cluster's drift mode; where it is `watch`, begins a watcher as a sweep would."""
        done = self.ground.run_mooring("cluster", "set", "in-cluster", "--drift", mode)
        assert done.returncode == 0, done.stderr
        if mode == "watch":
            self.invoke("watch", {"watch": "in-cluster"})
            self._watched()

    def sweep(self) -> None:
        """One tick of the schedule."""
        self.invoke("sweep", {})

    def invoke(self, function: str, event: object) -> None:
        names = {"watch": "mooring-watch", "sweep": "mooring-SweepFunction"}
        (ready,) = Path(self.ground.stack.directory).rglob("runner.json")
        url = f"{json.loads(ready.read_text())['lambda']}/2015-03-31/functions/{names[function]}/invocations"
        headers = {"X-Amz-Invocation-Type": "Event"}
        answer = urllib3.request("POST", url, body=json.dumps(event).encode(), headers=headers, retries=False)
        assert answer.status == 202, answer.data

    def live(self, path: str) -> dict[str, Any]:
        status, found = self.ground.stack.cluster.client("GET", path)
        assert status in (200, 404), found
        return found if status == 200 else {}

    def applies(self, name: str) -> list[float]:
        """When Mooring applied an object, by the API server's own log."""
        log = self.ground.stack.cluster.audit_log
        assert log is not None
        events = [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
        return [
            _moment(event["requestReceivedTimestamp"])
            for event in events
            if event["stage"] == "ResponseComplete"
            and (event.get("objectRef") or {}).get("name") == name
            and event["userAgent"].startswith("mooring/")
            and "force=true" in event["requestURI"]
            and "dryRun" not in event["requestURI"]
        ]

    def _watched(self) -> None:
        """Waits until something that is changed goes back: then the watches are open."""
        path = f"/apis/apps/v1/namespaces/{self.case.name}/deployments/probe"
        self.send("probe", "PATCH", path, {"spec": {"replicas": 3}})
        until(lambda: self.live(path).get("spec", {}).get("replicas") == 0, self.case.get)


def person(verb: str) -> str:
    return f"{verb}@example.com"


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A stack with controllers, whose API server posts its audit events, and which sweeps when it is asked."""
    options = Options(
        directory=tmp_path_factory.mktemp("moves") / "stack",
        sweep=36_000,
        concurrency=3,
        audit=True,
        parameters={"WatchConcurrency": "2"},
    )
    with Stack.start(options, lambda line: None) as stack:
        ground = Ground(stack)
        started = Place(ground, ground.new("moves", *(web(name) for name in (*VERBS, "probe"))))
        yield started
        started.http.clear()
        ground.http.clear()


@pytest.mark.parametrize("mode", MODES)
def test_every_verb_goes_back_and_names_its_author(place: Place, mode: str) -> None:
    """GIVEN a mode WHEN everybody uses another verb of kubectl THEN each change goes back and names who made it, alone."""
    place.mode(mode)
    before = {record["id"] for record in place.records()}
    for verb in VERBS:
        place.kubectl(verb)
    if mode == "sweep":
        place.sweep()

    def news() -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {verb: [] for verb in VERBS}
        for record in place.records():
            if record["id"] not in before and record["object"]["name"] in found:
                found[record["object"]["name"]].append(record)
        return found

    def told() -> bool:
        return all(
            any(each["what"] == "foreign" for each in records)
            if verb == RESTART
            else any(each["done"] == "reverted" and each["who"] for each in records)
            for verb, records in news().items()
        )

    until(told, news)
    until(lambda: all(each["who"] for records in news().values() for each in records), news)
    for verb, records in news().items():
        assert {person(verb)} == {who["impersonated"] for each in records for who in each["who"]}, records
        assert any(who["certain"] for each in records for who in each["who"]), records
    # AND the objects are as git has them, with the new field of the restart, which is nobody's
    for verb in VERBS:
        live = place.live(f"/apis/apps/v1/namespaces/{place.case.name}/deployments/{verb}")
        said = (live["spec"]["replicas"], live["spec"]["template"]["spec"]["containers"][0]["image"])
        assert (0, "web:1", "shop", "shop") == (
            *said, live["metadata"]["labels"]["team"], live["metadata"]["annotations"]["owner"],
        )  # fmt: skip
    path = f"/apis/apps/v1/namespaces/{place.case.name}/deployments/{RESTART}"
    template = place.live(path)["spec"]["template"]["metadata"]
    assert "kubectl.kubernetes.io/restartedAt" in template["annotations"]
    assert {"foreign"} == {each["what"] for each in news()[RESTART]}


@pytest.mark.parametrize(("mode", "manager"), [("watch", "rival"), ("audit", "argocd-controller")])
def test_a_tight_fight_is_slowed_down(place: Place, mode: str, manager: str) -> None:
    """GIVEN another program (or GitOps tool) that undoes everything at once WHEN it goes on for a while THEN we write as
    seldom as the pauses say, tell the fight, and have the last word when it stops.
    """
    place.mode(mode)
    name = f"{mode}-fought"
    case = place.ground.new("fight", config_map(name))
    path = f"/api/v1/namespaces/{case.name}/configmaps/{name}"
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"color": "red"}}
    undone, stopped = 0, threading.Event()

    def undo() -> None:
        nonlocal undone
        while not stopped.wait(0.02):
            if place.live(path)["data"]["color"] == "red":
                continue
            if manager == "rival":
                place.send(manager, "PATCH", f"{path}?fieldManager=rival", {"data": {"color": "red"}})
            else:
                place.send(
                    manager,
                    "PATCH",
                    f"{path}?fieldManager={manager}&force=true",
                    document,
                    "application/apply-patch+yaml",
                )
            undone += 1

    began = len(place.applies(name))
    rival = threading.Thread(target=undo)
    rival.start()
    try:
        until(lambda: len(place.applies(name)) - began >= 3, lambda: [place.applies(name), case.get()])
        time.sleep(1)  # the rival answers
    finally:
        stopped.set()
        rival.join()
    until(lambda: place.live(path)["data"]["color"] == "blue", case.get)
    first, second, third, fourth = place.applies(name)[began:]
    assert (True, True, True) == (second - first >= 1.5, third - second >= 5.5, fourth - third >= 17.5)
    assert 4 == undone
    assert f"ConfigMap/{name}: .data.color changed by {manager}" in case.condition("FightDetected")
    until(lambda: all(each["who"] for each in place.records(case)), lambda: place.records(case))
    records = place.records(case)
    assert ["reverted"] * 4 == [each["done"] for each in records]
    assert {manager} == {who["impersonated"] for each in records for who in each["who"]}


def test_an_autoscaler_fights_until_it_is_let(place: Place) -> None:
    """GIVEN a HorizontalPodAutoscaler that wants more replicas than git THEN that is drift and a fight, and its doing;
    WHEN `ignoreDifferences` names the field, respected or not, THEN it is neither.
    """
    place.mode("watch")
    case = place.ground.new("scaled", web("web", replicas=1))
    path = f"/apis/apps/v1/namespaces/{case.name}/deployments/web"
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 2,
            "maxReplicas": 3,
        },
    }
    place.send(
        "ops",
        "POST",
        f"/apis/autoscaling/v2/namespaces/{case.name}/horizontalpodautoscalers",
        scaler,
        "application/json",
    )
    until(lambda: "FightDetected" in [each["type"] for each in case.get()["status"]["conditions"]], case.get)
    assert "Deployment/web: .spec.replicas changed by kube-controller-manager" in case.condition("FightDetected")
    until(lambda: all(each["who"] for each in place.records(case)), lambda: place.records(case))
    records = [each for each in place.records(case) if each["what"] != "foreign"]
    assert {".spec.replicas"} == {each["path"] for record in records for each in record["fields"]}
    assert {CONTROLLER} == {who["user"] for each in records for who in each["who"]}
    rule = [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]
    for options in ([], ["RespectIgnoreDifferences=true"]):
        policy = {"automated": {"prune": True, "selfHeal": True}, "syncOptions": options}
        assert 200 == case.declare(ignoreDifferences=rule, syncPolicy=policy).status
        until(
            lambda: place.live(path)["spec"]["replicas"] == 2 and case.get()["status"]["sync"]["status"] == "Synced",
            case.get,
        )
        known = len([each for each in place.records(case) if each["what"] != "foreign"])
        applies = len(place.applies("web"))
        for replicas in (3, 2):  # as the autoscaler does when there is more to do, and less
            scale = f"{path}/scale?fieldManager=kube-controller-manager"
            place.send(CONTROLLER, "PATCH", scale, {"spec": {"replicas": replicas}})
            place.sweep()
            time.sleep(2)
            assert (replicas, "Synced") == (
                place.live(path)["spec"]["replicas"],
                case.get()["status"]["sync"]["status"],
            )
        assert (known, applies) == (
            len([each for each in place.records(case) if each["what"] != "foreign"]), len(place.applies("web")),
        )  # fmt: skip


def test_an_injected_certificate_is_told_and_stays(place: Place) -> None:
    """GIVEN a controller that fills in a field that git leaves open THEN it is no drift, and who did it is on record."""
    place.mode("audit")
    name = "moves.example.com"
    hook = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [
            {
                "name": name,
                "clientConfig": {"url": "https://127.0.0.1:1/check"},
                "failurePolicy": "Ignore",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
                "rules": [],
            }
        ],
    }
    case = place.ground.new("injected", hook)
    path = f"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{name}"
    ca = place.ground.stack.cluster.access.ca_data
    assert ca is not None
    certificate = base64.b64encode(ca.encode() if isinstance(ca, str) else ca).decode()
    change = [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": certificate}]
    place.send(
        INJECTOR,
        "PATCH",
        f"{path}?fieldManager={quote('cert-manager-cainjector')}",
        change,
        "application/json-patch+json",
    )
    until(lambda: bool(place.records(case)) and bool(place.records(case)[0]["who"]), lambda: place.records(case))
    (record,) = place.records(case)
    assert ("foreign", "left", INJECTOR) == (record["what"], record["done"], record["who"][0]["impersonated"])
    assert "cert-manager-cainjector" == record["fields"][0]["manager"]
    assert certificate == place.live(path)["webhooks"][0]["clientConfig"]["caBundle"]
    assert "Synced" == case.get()["status"]["sync"]["status"]
