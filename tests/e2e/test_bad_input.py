"""Bad input on real parts: every error names what is wrong and what to do, and the last good state stays.

Each test has an application of its own whose last good state is in the cluster. What users see is in `docs/errors.md`.
"""

from __future__ import annotations

import base64
import json
import re
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local import repositories
from local.demo.forge import push_payload
from local.githttp import GitServer, basic
from local.processes import free_port
from local.stack import Options, Stack
from tests.e2e.ground import Case, Ground, config_map, text

VISIBILITY = 3  # seconds until a message that nobody could read comes again
CHART = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"
ARGO, WAVE = "argocd.argoproj.io/hook", "argocd.argoproj.io/sync-wave"
HELM, WEIGHT = "helm.sh/hook", "helm.sh/hook-weight"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack without workloads and, for the length of these tests, without sweeps."""
    options = Options(
        directory=tmp_path_factory.mktemp("bad") / "stack", workloads=False, sweep=3600, visibility=VISIBILITY
    )
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


@pytest.fixture(scope="module", autouse=True)
def unreadable(ground: Ground) -> dict[str, str]:
    """Messages that nobody can read, sent before everything else, since becoming dead letters takes them a while."""
    sqs = ground.stack.client("sqs")
    bodies = {"Renders": "{", "Syncs": '{"v": 1, "repository": "git.test/shop"}', "Later": '{"v": 1, "to": "moon"}'}
    for name, body in bodies.items():
        fifo = {} if name == "Later" else {"MessageGroupId": "bad", "MessageDeduplicationId": "bad"}
        sqs.send_message(QueueUrl=ground.stack.resources[f"{name}Queue"], MessageBody=body, **fifo)
    return bodies


# -- what is declared ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"syncPolicy": {"automated": {"prune": "true"}}}, "spec.syncPolicy.automated.prune", "must be true or false"),
        ({"source": {"path": 3}}, "spec.source.path", "must be a string, not a whole number"),
        ({"source": {"plugin": {"parameters": [{}]}}}, "spec.source.plugin.parameters[0].name", "must not be empty"),
        ({"sourceHydrator": {"x": "y"}}, "spec.sourceHydrator", "does not support yet; remove it"),
        ({"source": {"path": "/etc"}}, "spec.source.path", "must be relative to the root of the repository"),
        ({"source": {"repoURL": "ext::sh -c id"}}, "spec.source.repoURL", "that no repository address has"),
        ({"source": {"repoURL": "../shop"}}, "spec.source.repoURL", "write https://host/path"),
        (
            {"source": {"repoURL": "https://me:hunter2@git.test/a"}},
            "spec.source.repoURL",
            "store it as a credential for this address",
        ),
        ({"destination": {"server": ""}}, "spec.destination.server", "must not be empty (or give the cluster's name)"),
        ({"syncPolicy": {"retry": {"backoff": {"duration": "soon"}}}}, "spec.syncPolicy.retry.backoff.duration", ""),
    ],
)
def test_a_declaration_that_can_not_be_used_is_refused(
    ground: Ground, changes: dict[str, Any], field: str, said: str
) -> None:
    """GIVEN a good application WHEN a bad one is declared in its place THEN it is refused by field, and the good one stays."""
    case = ground.new("declared")
    answer = case.declare(**changes)
    assert (400, field) == (answer.status, answer.error[0])
    assert said in answer.error[1]
    assert "hunter2" not in answer.error[1]
    assert case.document()["spec"] == case.get()["spec"]
    assert case.stands


def test_the_command_says_what_is_wrong_with_a_file(ground: Ground) -> None:
    """GIVEN a file with a wrong type and one with an unknown field THEN one is an error and the other a warning."""
    case = ground.new("command")
    wrong = case.document(syncPolicy={"automated": {"prune": "true"}})
    done = ground.run_mooring("apply", "-f", "-", given=json.dumps(wrong))
    assert 1 == done.returncode
    assert (
        "error: spec.syncPolicy.automated.prune: must be true or false, not a string (in standard input)\n"
        == done.stderr
    )
    unknown = case.document(syncPolicy={"automatic": {}})
    done = ground.run_mooring("apply", "-f", "-", given=json.dumps(unknown))
    assert (0, "warning: spec.syncPolicy.automatic: unknown field, ignored\n") == (done.returncode, done.stderr)
    assert "spec.syncPolicy.automatic: unknown field, ignored" == case.condition("UnknownFieldWarning")
    assert case.stands


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field", "said"),
    [
        ("POST", "applications", b"{", 400, "body", "is not JSON"),
        ("POST", "applications", [1], 400, "document", "must be a mapping, not a list"),
        ("POST", "applications", {}, 400, "apiVersion", "must be argoproj.io/v1alpha1"),
        ("GET", "applications/nobody", None, 404, None, "argocd/nobody: no application of this name is declared"),
        ("GET", "applications/No_Body", None, 400, "app", "does not name an application (NAME or NAMESPACE/NAME)"),
        ("GET", "nothing", None, 404, "path", "GET /api/v1/nothing is no address of this API; see docs/api.md"),
        ("POST", "applications/nobody/sync", {"prune": "yes"}, 400, "prune", "must be true or false"),
        ("PUT", "repositories", {"url": "http://git.test", "username": "me"}, 400, "password", "must not be empty"),
        ("PUT", "repositories", {"url": "git.test"}, 400, "url", "is no repository address"),
        ("PUT", "clusters/Bad_Name", {}, 400, "name", "must be a DNS name"),
    ],
)
def test_a_bad_request_is_answered(
    ground: Ground, method: str, path: str, body: object, status: int, field: str | None, said: str
) -> None:
    """GIVEN a request that can't be understood THEN status, field and words say what it should have been."""
    answer = ground.ask(method, path, body)
    assert (status, field) == (answer.status, answer.error[0])
    assert said in answer.error[1]


def test_a_wrong_token_sees_nothing(ground: Ground) -> None:
    """GIVEN another token than the administrator's THEN the answer is 401 and says what to send."""
    for token in ("", "guess", ground.stack.webhook.secret):
        answer = ground.ask("GET", "applications", token=token)
        assert (401, "Authorization") == (answer.status, answer.error[0])
        assert "send Authorization: Bearer TOKEN" in answer.error[1]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"path": "../other"}, r"path: '\.\./other' points outside of the repository; name a folder inside"),
        ({"path": "k8s/../../x"}, r"path: 'k8s/\.\./\.\./x' points outside of the repository"),
        ({"path": ".git"}, r"path: '\.git' leads into \.git"),
        ({"path": "nowhere"}, r"path: 'nowhere' does not exist at this revision; correct the path or add the folder"),
        ({"path": "k8s/settings.yaml"}, r"path: 'k8s/settings\.yaml' is a file; name the folder"),
        ({"targetRevision": "mian"}, r"targetRevision: mian is unknown to the repository; did you mean main\?"),
        ({"targetRevision": "v9"}, r"targetRevision: .*v9"),
        (
            {"targetRevision": ">=2.0.0"},
            r"targetRevision: no tag .* lies in the range >=2\.0\.0; tag a commit, or widen",
        ),
        (
            {"targetRevision": "f" * 40},
            r"targetRevision: the repository has no commit f{40}; was it force-pushed away\?",
        ),
        ({"helm": {"valueFiles": ["x.yaml"]}}, r"path: k8s: holds no Chart\.yaml; name a chart's folder"),
    ],
)
def test_a_source_that_is_not_there_leaves_what_is(ground: Ground, source: dict[str, Any], said: str) -> None:
    """GIVEN a good application WHEN its source is changed for one that isn't there THEN it says so, and nothing is touched."""
    case = ground.new("source")
    assert 200 == case.declare(source=source).status
    assert re.search(rf"^spec\.source\.{said}", case.condition("ComparisonError"))
    assert "Unknown" == case.get()["status"]["sync"]["status"]
    assert case.stands
    mended(case)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "http://127.0.0.1:{closed}/acme/shop.git",
            "acme/shop does not answer as a git server should; check the address",
        ),
        ("{git}/absent.git", "absent is no repository, or it needs a credential; check both"),
    ],
)
def test_a_repository_that_does_not_answer_leaves_what_is(ground: Ground, address: str, said: str) -> None:
    """GIVEN a good application WHEN its repository is nowhere to be found THEN it says so, and nothing is touched."""
    case = ground.new("repository")
    url = address.format(closed=free_port(), git=ground.stack.git_url)
    assert 200 == case.declare(source={"repoURL": url}).status
    message = case.condition("ComparisonError")
    assert message.startswith("spec.source.repoURL: 127.0.0.1:")
    assert said in message
    ended(case, "Error", message)
    mended(case)


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        (
            {"server": "https://elsewhere.test"},
            "spec.destination.server: no cluster 'https://elsewhere.test' is registered",
        ),
        ({"server": "", "name": "nobody"}, "spec.destination.name: no cluster 'nobody' is registered"),
    ],
)
def test_a_destination_that_is_not_registered_leaves_what_is(
    ground: Ground, destination: dict[str, str], said: str
) -> None:
    """GIVEN a good application WHEN it is sent to a cluster that nobody registered THEN it says how to do that."""
    case = ground.new("destination")
    assert 200 == case.declare(destination=destination).status
    message = case.condition("InvalidSpecError")
    assert message.startswith(said)
    assert "(registered: in-cluster" in message
    assert "add it with `mooring cluster add`" in message
    ended(case, "Error", message)
    mended(case)
    case.no_condition("InvalidSpecError")


# -- what is in git --------------------------------------------------------------------------------------------------


def _hook(**annotations: object) -> str:
    return text(config_map("migrate", annotations=annotations))


@pytest.mark.parametrize(
    ("files", "links", "said"),
    [
        ({}, {"k8s/out.yaml": "../../secret.yaml"}, "'k8s/out.yaml' points outside of the repository: replace it"),
        ({}, {"k8s/out.yaml": "/etc/passwd"}, "'k8s/out.yaml' points outside of the repository: replace it"),
        ({}, {"k8s/out.yaml": "../.git/config"}, "'k8s/out.yaml' leads into .git"),
        ({}, {"k8s/out.yaml": "absent.yaml"}, "k8s/out.yaml: a symbolic link that leads nowhere"),
        (
            {"k8s/Chart.yaml": CHART, "k8s/templates/a.yaml": '{{ required "give a color" .Values.color }}'},
            {},
            "(shop/templates/a.yaml:1:3): give a color; correct the chart, or what spec.source.helm gives it",
        ),
        (
            {"k8s/Chart.yaml": CHART, "k8s/templates/a.yaml": "{{ .Values.color | paint }}"},
            {},
            '(shop/templates/a.yaml:1): function "paint" not defined; correct the chart',
        ),
        (
            {"k8s/kustomization.yaml": "resources: [settings.yaml, absent.yaml]\n"},
            {},
            "lstat k8s/absent.yaml: no such file or directory; correct the kustomization",
        ),
        (
            {"k8s/kustomization.yaml": "resource: [settings.yaml]\n"},
            {},
            'unknown field "resource"; correct the kustomization',
        ),
        (
            {"k8s/kustomization.yaml": "resources: [../../other]\n"},
            {},
            "k8s/kustomization.yaml: resources[0]: 'k8s/../../other' points outside of the repository; name something",
        ),
        (
            {"k8s/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings\n"},
            {},
            "k8s/settings.yaml:4: did not find expected ',' or '}': correct the YAML",
        ),
        (
            {"k8s/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, name: b}\n"},
            {},
            "k8s/settings.yaml:3: the key 'name' is already set in this mapping: remove one of the two",
        ),
        ({"k8s/a.yaml": text({"kind": "ConfigMap", "metadata": {}})}, {}, "k8s/a.yaml: apiVersion: must be a string"),
        (
            {"k8s/settings.yaml": None, "k8s/values.yaml": "color: red\n"},
            {},
            "spec.source.path: 'k8s' gives no manifests at this revision (k8s/values.yaml: holds no Kubernetes object, "
            "passed over); add some, correct the path, or set spec.syncPolicy.automated.allowEmpty",
        ),
        ({"k8s/settings.yaml": None}, {}, "spec.source.path: 'k8s' does not exist at this revision"),
        (
            {"k8s/big.yaml": text(config_map("big", color="x" * 5_000_000))},
            {},
            "k8s/big.yaml: ConfigMap big is 5.0 MB as JSON; a cluster stores at most 1.5 MB in one object: split it",
        ),
        (
            {"k8s/hook.yaml": _hook(**{ARGO: "PreSync", WAVE: "first"})},
            {},
            f"k8s/hook.yaml: ConfigMap migrate: metadata.annotations[{WAVE}]: must be a whole number in quotes",
        ),
        (
            {"k8s/hook.yaml": _hook(**{HELM: "pre-install", WEIGHT: "heavy"})},
            {},
            f"k8s/hook.yaml: ConfigMap migrate: metadata.annotations[{WEIGHT}]: must be a whole number in quotes",
        ),
        ({"k8s/hook.yaml": _hook(**{ARGO: True})}, {}, "k8s/hook.yaml: metadata.annotations"),
        (
            {"k8s/nameless.yaml": text({**config_map(), "metadata": {"generateName": "a-"}})},
            {},
            "k8s/nameless.yaml: metadata.generateName: only a hook may leave its name to the server",
        ),
    ],
)
def test_a_commit_that_does_not_render_leaves_what_is(
    ground: Ground, files: dict[str, str | None], links: dict[str, str], said: str
) -> None:
    """GIVEN a good application WHEN a commit does not render THEN a sync says why, and the next good commit is live."""
    case = ground.new("commit")
    case.commit(files, links)
    app = ended(case, "Error", said)
    assert "Unknown" == app["status"]["sync"]["status"]
    assert said in case.condition("ComparisonError")
    corrected(case, {**files, **links})
    case.no_condition("ComparisonError")


def test_a_bad_push_is_shown_and_a_good_one_is_live(ground: Ground) -> None:
    """GIVEN a webhook for each commit WHEN one is bad THEN nobody has to ask to see it, and the next one mends it."""
    case = ground.new("push")
    revision = case.push({"k8s/settings.yaml": "{"})
    assert "k8s/settings.yaml" in case.condition("ComparisonError")
    assert {"status": "Unknown", "revision": revision} == case.get()["status"]["sync"]
    assert case.stands
    case.push({"k8s/settings.yaml": text(config_map(color="green"))})
    case.until(lambda app: app["status"]["sync"]["status"] == "Synced")
    assert {"settings": "green"} == case.colors()
    case.no_condition("ComparisonError")


def test_what_a_user_reads_of_a_bad_commit(ground: Ground) -> None:
    """GIVEN a bad commit WHEN the command is asked THEN `app sync` fails in its words, and `app get` and `app list` show it."""
    case = ground.new("reading")
    case.commit({"k8s/settings.yaml": None})
    said = "spec.source.path: 'k8s' does not exist at this revision; correct the path or add the folder"
    done = ground.run_mooring("app", "sync", case.name)
    assert (1, f"application {case.name}: Error: {said}\n") == (done.returncode, done.stdout)
    shown = json.loads(ground.run_mooring("app", "get", case.name, "-o", "json").stdout)["status"]
    assert ("Error", said) == (shown["operationState"]["phase"], shown["operationState"]["message"])
    assert ["ComparisonError", "SyncError"] == [condition["type"] for condition in shown["conditions"]]
    page = ground.run_mooring("app", "get", case.name).stdout
    assert re.search(rf"^ComparisonError  \S+  {re.escape(said)}$", page, re.MULTILINE)
    (line,) = [
        line
        for line in ground.run_mooring("app", "list").stdout.splitlines()
        if line.startswith(f"argocd/{case.name} ")
    ]
    assert said[:70] in line
    assert case.stands


def test_a_wave_that_is_no_number_leaves_what_is(ground: Ground) -> None:
    """GIVEN a good application WHEN an object names a wave in words THEN the sync says where, and the next is live."""
    case = ground.new("wave")
    case.commit({"k8s/wave.yaml": text(config_map("wave", annotations={WAVE: "first"}))})
    ended(
        case, "Failed", f"ConfigMap wave: metadata.annotations[{WAVE}]: must be a whole number in quotes, not 'first'"
    )
    corrected(case, {"k8s/wave.yaml": ""})


@pytest.mark.parametrize(
    "annotations", [{ARGO: "Skip"}, {ARGO: "PreSink"}, {HELM: "test"}, {HELM: "test-success,post-rollback"}]
)
def test_a_hook_that_never_runs_is_left_out(ground: Ground, annotations: dict[str, str]) -> None:
    """GIVEN a hook that no sync runs WHEN it is committed THEN the rest is synced and the hook is not applied."""
    case = ground.new("hook")
    case.commit({"k8s/hook.yaml": _hook(**annotations)})
    ended(case, "Succeeded", "successfully synced")


def test_a_list_is_taken_apart(ground: Ground) -> None:
    """GIVEN a List WHEN it is committed THEN its items are objects like every other."""
    case = ground.new("list")
    case.commit(
        {"k8s/list.yaml": text({"apiVersion": "v1", "kind": "List", "items": [config_map("a"), config_map("b")]})}
    )
    app = case.sync()
    assert ["a", "b", "settings"] == [resource["name"] for resource in app["status"]["resources"]]
    assert {"a": "blue", "b": "blue", "settings": "blue"} == case.colors()


def test_a_bad_commit_of_a_manual_application_is_only_shown(ground: Ground) -> None:
    """GIVEN an application without automation THEN bad commits are shown, good ones wait, and a sync brings the last."""
    case = ground.new("manual", automated=False)
    case.push({"k8s/settings.yaml": "{"})
    assert "k8s/settings.yaml" in case.condition("ComparisonError")
    ended(case, "Error", "k8s/settings.yaml")
    case.push({"k8s/settings.yaml": text(config_map(color="green"))})
    case.no_condition("ComparisonError")
    case.until(lambda app: app["status"]["sync"]["status"] == "OutOfSync")
    assert case.stands
    case.sync()
    assert {"settings": "green"} == case.colors()


# -- what the API server refuses -------------------------------------------------------------------------------------


def _service(**port: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [port]}}


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (
            _service(port=70000),
            'Service web: Service "web" is invalid: [spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535',
        ),
        (_service(prot=80, port=80), "Service web: failed to create typed patch object"),
        (config_map("Bad_Name"), 'ConfigMap Bad_Name: ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value'),
        (
            config_map("far", namespace="nowhere"),
            'ConfigMap far: namespaces "nowhere" not found; add its manifest, or set the sync option CreateNamespace=true',
        ),
    ],
)
def test_what_the_api_server_refuses_leaves_what_is(ground: Ground, manifest: dict[str, Any], said: str) -> None:
    """GIVEN a good application WHEN the API server refuses an object THEN its own words are shown, and the next is live."""
    case = ground.new("refused")
    case.commit({"k8s/bad.yaml": text(manifest)})
    app = ended(case, "Failed", said)
    state = app["status"]["operationState"]
    assert state["message"].endswith("(attempt 1; the next one in 5 s)")
    (result,) = [each for each in state["syncResult"]["resources"] if each["status"] == "SyncFailed"]
    assert result["message"] in state["message"]
    assert said.partition(": ")[2] in case.condition("SyncError")
    corrected(case, {"k8s/bad.yaml": ""})


def test_a_hook_that_is_refused_keeps_the_rest_from_being_applied(ground: Ground) -> None:
    """GIVEN a hook of PreSync WHEN the API server refuses it THEN nothing after it is applied, and the next is live."""
    case = ground.new("hook")
    hook = text(config_map("Bad_Hook", annotations={ARGO: "PreSync"}))
    case.commit({"k8s/hook.yaml": hook, "k8s/settings.yaml": text(config_map(color="red"))})
    ended(case, "Failed", 'ConfigMap Bad_Hook: ConfigMap "Bad_Hook" is invalid: metadata.name: Invalid value')
    corrected(case, {"k8s/hook.yaml": ""})


def test_a_namespace_that_does_not_exist_can_be_asked_for(ground: Ground) -> None:
    """GIVEN a destination without its namespace THEN nothing is pruned elsewhere, and the option named makes it work."""
    case = ground.new("namespace")
    elsewhere = f"{case.name}-other"
    assert 200 == case.declare(destination={"namespace": elsewhere}).status
    assert f'namespaces "{elsewhere}" not found' in case.condition("SyncError")
    assert case.stands
    policy = {**case.spec["syncPolicy"], "syncOptions": ["CreateNamespace=true"]}
    assert 200 == case.declare(destination={"namespace": elsewhere}, syncPolicy=policy).status
    case.until(lambda app: app["status"]["sync"]["status"] == "Synced")
    status, _ = ground.stack.cluster.client("GET", f"/api/v1/namespaces/{elsewhere}/configmaps/settings")
    assert 200 == status


# -- webhooks --------------------------------------------------------------------------------------------------------


def _payload(case: Case, revision: str) -> bytes:
    files = {"added": [], "modified": ["k8s/settings.yaml"], "removed": []}
    return json.dumps(push_payload(case.name, case.spec["source"]["repoURL"], revision, files)).encode()


def test_only_a_signed_delivery_counts_and_only_once(ground: Ground) -> None:
    """GIVEN a commit WHEN its delivery is unsigned or forged THEN it is refused; signed, it is live, and replayed, nothing."""
    case = ground.new("webhook")
    body = _payload(case, case.commit({"k8s/settings.yaml": text(config_map(color="green"))}))
    for answer, said in (
        (ground.deliver(body, signature=""), "is missing; set the webhook's secret to the one Mooring has"),
        (ground.deliver(body, secret="guess"), "does not fit the body; compare the webhook's secret"),
        (ground.deliver(body, secret=""), "does not fit the body"),
        (ground.deliver(body, signature="sha1=abc"), "does not fit the body"),
        (ground.deliver(body, signature="sha256=grüße"), "does not fit the body"),
    ):
        assert (401, "X-Hub-Signature-256") == (answer.status, answer.error[0])
        assert said in answer.error[1]
    assert case.stands
    accepted = ground.deliver(body, delivery="one")
    assert (202, {"status": "queued", "applications": [f"argocd/{case.name}"]}) == (accepted.status, accepted.body)
    case.until(lambda app: case.colors() == {"settings": "green"})
    again = ground.deliver(body, delivery="one")
    assert (200, {"status": "duplicate", "applications": []}) == (again.status, again.body)
    replayed = ground.deliver(body, delivery="two")
    assert (200, {"status": "duplicate", "applications": []}) == (replayed.status, replayed.body)


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        (b"", "body", "is not JSON; set the webhook's content type to application/json"),
        (b"payload=%7B%7D", "body", "is not JSON; set the webhook's content type to application/json"),
        (b"[]", "body", "must be a JSON object"),
        (b"{}", "ref", "must be a string like refs/heads/main"),
        (b'{"ref": "refs/heads/main"}', "repository", "must be a mapping"),
        (b'{"ref": "refs/heads/main", "repository": {}}', "repository.clone_url", "must hold the address"),
    ],
)
def test_a_signed_delivery_that_says_nothing_is_refused(ground: Ground, body: bytes, field: str, said: str) -> None:
    """GIVEN the right signature and a body that can't be read THEN the answer names the field."""
    answer = ground.deliver(body)
    assert (400, field) == (answer.status, answer.error[0])
    assert said in answer.error[1]


def test_a_body_over_the_limit_is_refused(ground: Ground) -> None:
    """GIVEN more than 5 MiB THEN the function refuses it unread; more than Lambda takes does not get that far."""
    answer = ground.deliver(b" " * (5 * 1024 * 1024 + 1))
    assert (413, "body") == (answer.status, answer.error[0])
    assert "is larger than 5242880 bytes; send only push events to this address" == answer.error[1]
    for size in (7, 11):
        assert 413 == ground.deliver(b" " * (size * 1024 * 1024)).status
    assert 413 == ground.ask("POST", "applications", b" " * (7 * 1024 * 1024)).status


# -- what must stay secret, and what nobody can read ------------------------------------------------------------------


def test_a_private_repository_opens_with_the_right_credential_alone(ground: Ground, tmp_path: Path) -> None:
    """GIVEN a repository behind a password THEN no, a wrong and the right credential are told apart, and none is told."""
    wrong, right = "c4nary-wrong-8d1f", "c4nary-right-5e7a"
    with GitServer(tmp_path, guarded={"private.git": basic("robot", right)}) as server:
        repository = repositories.create(tmp_path, "private.git")
        repositories.commit(repository, {"k8s/settings.yaml": text(config_map(color="private"))})
        url = f"{server.url}/private.git"
        case = ground.new("private")
        assert 200 == case.declare(source={"repoURL": url}).status
        message = case.condition("ComparisonError")
        assert re.search(r"^spec\.source\.repoURL: .*/private asks for a credential and none is stored for it", message)
        ended(case, "Error", message)
        _register(ground, {"url": server.url, "username": "robot", "password": wrong})
        ended(case, "Error", "/private refuses the stored credential; check its rights and expiry")
        _register(ground, {"url": server.url, "username": "robot", "password": right})
        assert "Succeeded" == case.sync()["status"]["operationState"]["phase"]
        assert {"settings": "private"} == case.colors()
        assert [{"url": server.url, "type": "git"}] == ground.ask("GET", "repositories").body["items"]
    remains = list(_remains(ground))
    # Where these are found, a secret would be found too.
    places = {place for place, content in remains if url.encode() in content}
    assert {"an answer", f"APP#argocd/{case.name} SPEC"} <= places
    assert any(b'"color":"private"' in content for _, content in remains)
    for password in (wrong, right):
        for secret in (password, base64.b64encode(f"robot:{password}".encode()).decode()):
            assert [] == [place for place, content in remains if secret.encode() in content]


def _register(ground: Ground, credential: Mapping[str, str]) -> None:
    answer = ground.ask("PUT", "repositories", credential)
    assert (200, {"url": credential["url"], "warnings": []}) == (answer.status, answer.body)


def _remains(ground: Ground) -> Iterator[tuple[str, bytes]]:
    """Everything that is left of what Mooring did: answers, logs and other files, the table, the bucket."""
    stack = ground.stack
    yield from (("an answer", answer.encode()) for answer in ground.answers)
    for path in stack.directory.rglob("*"):
        if path.is_file() and "cluster" not in path.relative_to(stack.directory).parts:
            yield str(path), path.read_bytes()
    for page in stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.resources["Table"]):
        for item in page["Items"]:
            place = f"{item['pk']['S']} {item['sk']['S']}"
            yield place, repr(item).encode()
            yield from ((place, _unpacked(value["B"])) for value in item.values() if "B" in value)
    s3, bucket = stack.client("s3"), stack.resources["Bucket"]
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page["Contents"]:
            yield found["Key"], _unpacked(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())


def _unpacked(content: bytes) -> bytes:
    try:
        return zlib.decompress(content)
    except zlib.error:
        return content


def test_a_message_that_nobody_can_read_becomes_a_dead_letter(ground: Ground, unreadable: dict[str, str]) -> None:
    """GIVEN messages that can't be understood WHEN they have come five times THEN they wait in the dead-letter queues."""
    sqs = ground.stack.client("sqs")
    deadline = time.monotonic() + 10 * VISIBILITY
    dead: dict[str, str] = {}
    while dead.keys() != unreadable.keys():
        assert time.monotonic() < deadline, dead
        for name in unreadable.keys() - dead.keys():
            url = ground.stack.resources[f"{name}DeadQueue"]
            for message in sqs.receive_message(QueueUrl=url).get("Messages", []):
                dead[name] = message["Body"]
        time.sleep(0.1)
    assert unreadable == dead
    for function in ("render", "sync", "sweep"):
        assert "a message can't be read" in (ground.stack.directory / "logs" / f"{function}.log").read_text()


# -- what tests have in common ---------------------------------------------------------------------------------------


def ended(case: Case, phase: str, said: str) -> dict[str, Any]:
    """A sync that is asked for ends like this, in these words, and the last good state stands."""
    app = case.sync()
    state = app["status"]["operationState"]
    assert phase == state["phase"]
    assert said in state["message"]
    assert case.stands
    return app


def mended(case: Case) -> None:
    """Declared as before, the application is Synced without a write."""
    assert 200 == case.declare().status
    case.until(lambda app: app["status"]["sync"]["status"] == "Synced")
    case.no_condition("ComparisonError")
    assert case.stands


def corrected(case: Case, files: Mapping[str, object]) -> None:
    """A commit that takes these files back and changes the colour is live at once."""
    case.commit({**dict.fromkeys(files), "k8s/settings.yaml": text(config_map(color="green"))})
    app = case.sync()
    assert ("Succeeded", "Synced") == (app["status"]["operationState"]["phase"], app["status"]["sync"]["status"])
    assert {"settings": "green"} == case.colors()
