"""Sealed secrets, ExternalSecrets and SOPS files on real parts: git, sops, the functions as they are deployed, and a
cluster that has never heard of any of them; AWS is the emulator's.

After all of it, good runs and failing ones, everything that Mooring left behind is searched for what was secret.
"""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from local.stack import Options, Stack
from mooring.flows.arrivals.secretchanges import SecretChangePorts, handle_secret_change
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.secrets.sealedsecret import seal_secret
from mooring.state.secretuses import SecretUses
from mooring.state.table import Table
from tests.doubles.canaries import leaks
from tests.e2e.ground import PATIENCE, Case, Ground, config_map, text
from tests.e2e.planted import Age, left_behind, live, password, plain_secret, stored

SEALED = "canary-sealed-5d0c19ee"
FIRST, SECOND, IN_VALUES = "canary-1st-4be0c7d2", "canary-2nd-91aa03fe", "canary-3rd-7c55e6b8"
READ, ROTATED = "canary-of-the-first-value", "canary-after-the-rotation"
CANARIES = (SEALED, FIRST, SECOND, IN_VALUES, READ, ROTATED)
EVENT = Path(__file__).parents[2] / "events" / "sweep-secret.json"
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
    """A stack without workloads whose schedules come every two seconds."""
    options = Options(directory=tmp_path_factory.mktemp("secrets") / "stack", workloads=False, sweep=2)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


@pytest.fixture(scope="module")
def age(ground: Ground, tools: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Age:
    return Age(ground, tools, tmp_path_factory.mktemp("encrypting"))


@pytest.fixture(scope="module")
def earlier() -> dict[str, bytes]:
    """What was in table and bucket after each test, though it may be overwritten by now."""
    return {}


@pytest.fixture(autouse=True)
def _look(request: pytest.FixtureRequest, ground: Ground, earlier: dict[str, bytes]) -> Iterator[None]:
    yield
    earlier |= {f"{place} after {request.node.name}": content for place, content in stored(ground).items()}


def _push(case: Case, files: Mapping[str, str | bytes | None]) -> None:
    revision = case.push(files)
    case.until(
        lambda app: app["status"]["sync"].get("revision") == revision and app["status"]["sync"]["status"] == "Synced"
    )


def _generation(case: Case) -> int:
    return int(live(case, "/apis/apps/v1/namespaces/{}/deployments/web")["metadata"]["generation"])


def test_a_sealed_secret_from_its_certificate_to_the_cluster(ground: Ground) -> None:
    """GIVEN the key that the schedule made WHEN sealed by the command and pushed THEN the Secret is in the cluster; what
    does not open leaves it there, and no answer tells it.
    """
    # GIVEN a certificate
    deadline = time.monotonic() + 60
    while ground.http.request("GET", f"{ground.stack.mooring.url}/v1/cert.pem").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    # WHEN a Secret is sealed and pushed, with a template
    case = ground.new("sealed")
    sealed = yaml.safe_load(ground.run_mooring("seal", given=json.dumps(plain_secret(case, SEALED))).stdout)
    sealed["spec"]["template"]["data"] = {"line": "{{ .password | upper }}"}
    case.push({"k8s/settings.yaml": text(config_map(), sealed)})
    case.until(lambda app: "SealedSecret" in {each["kind"] for each in app["status"]["resources"]})
    app = case.until(lambda app: app["status"]["sync"]["status"] == "Synced")
    # THEN it is in the cluster, and shown with its source
    assert SEALED == password(case)
    assert {"ConfigMap", "Secret", "SealedSecret"} == {each["kind"] for each in app["status"]["resources"]}
    # AND the questions of kubeseal are answered
    head = {"Authorization": f"Bearer {ground.stack.mooring.secret}"}
    url, body = f"{ground.stack.mooring.url}/v1/verify", json.dumps(sealed).encode()
    assert 200 == ground._send("POST", url, body, head).status
    assert 401 == ground._send("POST", url, body, {"Authorization": "Bearer other"}).status
    # WHEN its template fails with the value
    sealed["spec"]["template"]["data"] = {"line": "{{ fail .password }}"}
    case.push({"k8s/settings.yaml": text(config_map(), sealed)})
    assert "spec.template.data.line" in case.condition("SecretError")
    # WHEN it is replaced by one for a key that nobody has
    foreign = seal_secret(plain_secret(case, "x"), generate_private_key(65537, 2048).public_key())
    case.push({"k8s/settings.yaml": text(config_map(), foreign)})
    # THEN the condition says so and the live one stays
    case.until(lambda app: any("which none here has" in each["message"] for each in app["status"]["conditions"]))
    assert "for a key of 2048 bits, which none here has" in case.condition("SecretError")
    assert SEALED == password(case)
    # WHEN git drops it, it goes
    case.push({"k8s/settings.yaml": text(config_map())})
    case.no_condition("SecretError")
    case.until(lambda app: app["status"]["sync"]["status"] == "Synced")
    assert "gone" == password(case)


def _externals(interval: str, line: str = "postgres://shop:{{ .password }}@db") -> list[dict[str, Any]]:
    version = "external-secrets.io/v1"
    role = "arn:aws:iam::123456789012:role/shop"
    provider = {"aws": {"service": "SecretsManager", "region": "eu-central-1", "role": role}}
    return [
        config_map(),
        {"apiVersion": version, "kind": "SecretStore", "metadata": {"name": "aws"}, "spec": {"provider": provider}},
        {
            "apiVersion": version,
            "kind": "ExternalSecret",
            "metadata": {"name": "db"},
            "spec": {
                "refreshInterval": interval,
                "secretStoreRef": {"name": "aws"},
                "target": {"template": {"data": {"password": line}}},
                "data": [{"secretKey": "password", "remoteRef": {"key": "shop/db"}}],
            },
        },
    ]


def _until(case: Case, value: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while value not in (found := password(case)):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def _change(ground: Ground, value: str) -> None:
    ground.stack.client("secretsmanager").put_secret_value(SecretId="shop/db", SecretString=value)


def test_a_rotation_reaches_the_cluster(ground: Ground) -> None:
    """GIVEN a cluster without the operator WHEN a secret rotates THEN its Secret follows by event, and by interval."""
    # GIVEN an application in a cluster that has never heard of ExternalSecrets
    ground.stack.client("secretsmanager").create_secret(Name="shop/db", SecretString=READ)
    case = ground.new("rotating", *_externals("1h"))
    assert f"postgres://shop:{READ}@db" == password(case)

    # WHEN the secret is rotated, and the event of it arrives as `sweep` takes it
    _change(ground, ROTATED)
    urls = {"syncs": ground.stack.resources["SyncsQueue"]}
    uses = SecretUses(Table(ground.stack.client("dynamodb"), ground.stack.resources["Table"]))
    ports = SecretChangePorts(uses, Queues(ground.stack.client("sqs"), urls))
    assert [AppKey("argocd", case.name)] == handle_secret_change(ports, json.loads(EVENT.read_text()))
    # THEN the cluster follows, an hour before it would have been looked at
    _until(case, ROTATED)

    # WHEN it is to be looked at often, and rotated without any event
    _push(case, {"k8s/settings.yaml": text(*_externals("5s"))})
    _change(ground, READ)
    # THEN the cluster follows as well
    _until(case, READ)

    # WHEN its template fails with the value
    case.push({"k8s/settings.yaml": text(*_externals("5s", "{{ fail .password }}"))})
    # THEN the condition names the template, and the Secret stays
    assert "ExternalSecret db: spec.target.template" in case.condition("SecretError")
    assert f"postgres://shop:{READ}@db" == password(case)


def test_a_rotated_sops_file_restarts_who_asks_for_it(ground: Ground, age: Age) -> None:
    """GIVEN a workload that asks WHEN the password is new THEN its template is; and at no other commit."""
    case = ground.new("rotated")
    _push(case, {"k8s/web.yaml": text(WORKLOAD), "k8s/db.yaml": age.secret(FIRST)})
    assert FIRST == password(case)
    before = _generation(case)
    # WHEN the same value is encrypted anew, and something else changes
    _push(case, {"k8s/db.yaml": age.secret(FIRST), "k8s/settings.yaml": text(config_map(color="green"))})
    assert before == _generation(case)
    # WHEN the value changes
    _push(case, {"k8s/db.yaml": age.secret(SECOND)})
    assert SECOND == password(case)
    assert before + 1 == _generation(case)


def test_a_sops_file_that_does_not_open_changes_nothing(ground: Ground, age: Age) -> None:
    """WHEN an encrypted file was changed by hand THEN the condition names it, and the Secret stays."""
    case = ground.new("tampered")
    _push(case, {"k8s/db.yaml": age.secret(FIRST)})
    case.push({"k8s/db.yaml": age.secret(SECOND).replace(b"name: db", b"name: bd")})
    assert "k8s/db.yaml: its MAC does not fit" in case.condition("ComparisonError")
    assert FIRST == password(case)


def test_values_of_charts_are_hidden_wherever_they_end(ground: Ground, age: Age) -> None:
    """GIVEN a chart that puts a value into a ConfigMap WHEN it also fails with it THEN the error doesn't tell."""
    case = ground.new("chart")
    case.declare(source={"path": "chart", "helm": {"valueFiles": ["secrets://secrets.yaml"]}})
    _push(case, {**CHART, "chart/secrets.yaml": age.encrypt("secrets.yaml", f"token: {IN_VALUES}\n")})
    assert IN_VALUES in live(case, "/api/v1/namespaces/{}/configmaps/settings")["data"]["color"]
    # AND a change by hand is told as a difference
    ground.run_mooring("app", "diff", case.name)
    case.push({"chart/templates/config.yaml": '{{ fail (printf "no %s" .Values.token) }}'})
    assert "no (hidden)" in case.condition("ComparisonError")


def test_nothing_that_was_secret_is_left_behind(ground: Ground, earlier: dict[str, bytes]) -> None:
    """GIVEN all that happened THEN answers, logs, files, table, bucket, queues, events and traces hold none of the
    values, nor did table and bucket in between: not plain, encoded, as a digest without a key, nor compressed.
    """
    found = left_behind(ground) | earlier
    # What is looked through is what was left behind: the name of an application is found in it.
    known = {place.split()[0] for place, content in found.items() if b"rotated-" in content}
    assert {"answer", "table"} <= known
    for function in ("api", "render", "sweep", "sync", "webhook"):
        assert b"REPORT" in found[f"file logs/{function}.log"]
    places = {"answer", "table", "file", "bucket", "queue", "events", "traces"}
    assert places == {place.split()[0] for place in found} - {"log"}
    # Nothing sends a segment: Lambda is not asked to, and no library that would is there.
    assert b"[]" == found["traces"]
    assert 1 < len({place.rpartition(" after ")[2] for place in earlier})
    # AND a planted value would be found, however it is written
    packed = base64.urlsafe_b64encode(gzip.compress(f"a {SEALED} b".encode()))
    for planted in (base64.b64encode(b"x" + SEALED.encode()), b'{"state": "' + packed + b'"}', packed):
        assert leaks({"planted": planted}, CANARIES)
    assert [] == leaks(found, CANARIES)
