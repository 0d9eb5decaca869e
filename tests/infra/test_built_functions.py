"""Each built function starts under Lambda's runtime interface emulator and answers a sample event.

What runs is the output of `sam build`: the function's folder, its layers, and a bare Python with Lambda's runtime
client and none of this machine's packages. AWS is moto's.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import pytest
from botocore.session import get_session

from mooring.model.objects import ObjectKey
from mooring.state.auditsources import AuditSources
from mooring.state.deeds import Deeds
from mooring.state.notes import Notes
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore
from mooring.state.table import Table
from tests.conftest import REGION
from tests.doubles.listeners import TOKEN as SLACK_TOKEN
from tests.doubles.listeners import Listeners, listeners
from tests.doubles.tables import create_table
from tests.infra.sam import ROOT, emulator

STACK = "built"
WEBHOOK_SECRET = "a-secret-for-samples"
API_TOKEN = "a-token-for-samples"
AUDIT_TOKEN = "a-token-for-samples-of-audit-events"
_CLIENT = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
_LAYERS = {"PythonLayer": "python", "ToolsLayer": "bin", "TemplatesLayer": "bin"}  # and what each brings
_STARTS_WITHIN_S = 20

Invoke = Callable[[str, Any], Any]


@dataclass(frozen=True, slots=True)
class Account:
    """What the template's resources are in moto: `values` by logical name, as `Ref` or `Arn` would give them; and
    parameters that are not at their defaults.
    """

    endpoint: str
    values: dict[str, str]

    def client(self, service: str) -> Any:
        """A boto3 client of this account."""
        session = get_session()
        session.set_credentials("testing", "testing")
        return session.create_client(service, region_name=REGION, endpoint_url=self.endpoint)

    @property
    def table(self) -> Table:
        """The installation's table."""
        return Table(self.client("dynamodb"), self.values["Table"])

    def records(self, queue: str) -> list[dict[str, Any]]:
        """Takes what waits in a queue, in the form in which Lambda hands it over."""
        answer = self.client("sqs").receive_message(QueueUrl=self.values[queue], MaxNumberOfMessages=10)
        return [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "eventSource": "aws:sqs",
            }
            for message in answer.get("Messages", [])
        ]

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """Takes what waits in a queue."""
        return [json.loads(record["body"]) for record in self.records(queue)]


@pytest.fixture(scope="module")
def account(moto_server: str) -> Account:
    """The table, bucket, key, queues and secrets of one installation."""
    values = {"AWS::StackName": STACK, "AuditLogGroups": "/aws/eks/shop/cluster=in-cluster"}
    values["LiveApi.ApiEndpoint"] = "wss://live.test"
    values["LookFunction"] = f"{STACK}-look"  # named to api, which does not ask it here
    made = Account(moto_server, values)
    sqs, secrets = made.client("sqs"), made.client("secretsmanager")
    for name in ("Renders", "Syncs", "Images", "Notes", "NotesDead"):
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "false"}
        created = sqs.create_queue(QueueName=f"{STACK}-{name.lower()}.fifo", Attributes=attributes)
        values[f"{name}Queue"] = created["QueueUrl"]
    values["LaterQueue"] = sqs.create_queue(QueueName=f"{STACK}-later")["QueueUrl"]
    values["Key"] = made.client("kms").create_key()["KeyMetadata"]["Arn"]
    values["Bucket"] = f"{STACK}-bundles"
    made.client("s3").create_bucket(Bucket=values["Bucket"], CreateBucketConfiguration={"LocationConstraint": REGION})
    values["Table"] = f"{STACK}-table"
    create_table(made.client("dynamodb"), values["Table"])
    for logical, content in (
        ("WebhookSecret", {"github": WEBHOOK_SECRET, "webhook.registry.secret": WEBHOOK_SECRET}),
        ("ApiTokenSecret", {"token": API_TOKEN}),
        ("DigestSecret", {"key": "k" * 64}),
        ("NotificationsSecret", {"slack-token": SLACK_TOKEN}),
    ):
        created = secrets.create_secret(Name=f"{STACK}/{logical}", SecretString=json.dumps(content))
        values[logical] = created["ARN"]
    return made


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Lambda's runtime client alone."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in _CLIENT:
        spec = find_spec(name)
        assert spec is not None and spec.origin is not None
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (folder / source.name).symlink_to(source)
    return folder


@pytest.fixture
def invoke(
    built: Path, transformed: dict[str, Any], account: Account, runtime: Path, tmp_path: Path
) -> Iterator[Invoke]:
    """Starts a function and sends it one event; everything ends with the test."""
    with _Functions(built, transformed, account, runtime, tmp_path) as functions:
        yield functions.invoke


class _Functions:
    """Functions that run for the length of one test."""

    def __init__(self, built: Path, template: dict[str, Any], account: Account, runtime: Path, home: Path) -> None:
        self._built = built
        self._template = template
        self._account = account
        self._runtime = runtime
        self._home = home
        self._running: dict[str, tuple[subprocess.Popen[bytes], int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process, _port in self._running.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def invoke(self, name: str, event: Any) -> Any:
        """The answer of a function to an event; fails with the function's log if it raises."""
        if name not in self._running:
            self._running[name] = self._start(name)
        _process, port = self._running[name]
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations", json.dumps(event).encode()
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert not (isinstance(answer, dict) and "errorType" in answer), (answer, self._log(name).read_text())
        return answer

    def _start(self, name: str) -> tuple[subprocess.Popen[bytes], int]:
        function = self._template["Resources"][name]["Properties"]
        port, api = _free_port(), _free_port()
        layers = [layer["Ref"] for layer in function.get("Layers", []) if "Ref" in layer]
        # The transform adds a hash of a layer's content to its name.
        given = [name for name in _LAYERS if any(each.startswith(name) for each in layers)]
        tools = [f"{self._built}/{layer}/bin" for layer in given if _LAYERS[layer] == "bin"]
        packages = [self._built / layer / "python" for layer in given if _LAYERS[layer] == "python"]
        paths = [self._built / name, *packages, self._runtime]
        env = {key: self._value(value) for key, value in function["Environment"]["Variables"].items()} | {
            "PATH": ":".join([*tools, "/usr/bin", "/bin"]),
            "PYTHONPATH": ":".join(map(str, paths)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(self._home),
            "TMPDIR": str(self._home),
            "LAMBDA_TASK_ROOT": str(self._built / name),
            "AWS_ENDPOINT_URL": self._account.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function["Timeout"]),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function["MemorySize"]),
        }
        command = [
            str(emulator()),
            "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
            "--runtime-api-address", f"127.0.0.1:{api}",
            os.path.realpath(sys.executable), "-S", "-m", "awslambdaric", function["Handler"],
        ]  # fmt: skip
        with self._log(name).open("wb") as log:
            process = subprocess.Popen(
                command, cwd=self._built / name, env=env, stdout=log, stderr=log, start_new_session=True
            )
        _wait_for(port, process)
        return process, port

    def _log(self, name: str) -> Path:
        return self._home / f"{name}.log"

    def _value(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        ((function, argument),) = value.items()
        if function == "Fn::If":
            return self._value(argument[1])  # as if each condition held
        if function == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda found: self._account.values[found[1]], argument)
        if function == "Fn::Join":
            return self._value(argument[1])  # a list of a parameter's, which its default writes with the same commas
        if isinstance(argument, list) and self._template["Resources"][argument[0]]["Type"] == "AWS::IAM::Role":
            return f"arn:aws:iam::123456789012:role/{argument[0]}"  # shown to users; nobody assumes it here
        if isinstance(argument, str) and argument in self._template["Parameters"]:
            return self._account.values.get(argument) or str(self._template["Parameters"][argument]["Default"])
        return self._account.values[argument[0] if isinstance(argument, list) else argument]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < until:
        assert process.poll() is None, "the emulator ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the emulator does not answer")


def _sample(name: str) -> Any:
    return json.loads((ROOT / "events" / f"{name}.json").read_text())


def test_webhook_takes_a_signed_push(invoke: Invoke) -> None:
    """A push of a repository that no application uses is taken, and asks for nothing."""
    answer = invoke("WebhookFunction", _sample("webhook-github-push"))
    assert 200 == answer["statusCode"]
    assert [] == json.loads(answer["body"])["applications"]


def test_webhook_refuses_a_wrong_signature(invoke: Invoke) -> None:
    """A push that is signed with another secret is refused, and the answer names the header."""
    # GIVEN a push whose body was changed after it was signed
    event = _sample("webhook-github-push")
    event["body"] = event["body"].replace("octocat", "mallory")
    # WHEN it arrives
    answer = invoke("WebhookFunction", event)
    # THEN it is refused
    assert 401 == answer["statusCode"]
    assert "X-Hub-Signature-256" in answer["body"]


@pytest.mark.parametrize("registry", ["harbor", "cloudevents"])
def test_webhook_takes_a_pushed_image(invoke: Invoke, registry: str) -> None:
    """An image that no application uses is taken, and asks for nothing."""
    answer = invoke("WebhookFunction", _sample(f"webhook-registry-{registry}"))
    assert (200, "ignored") == (answer["statusCode"], json.loads(answer["body"])["status"]), answer["body"]


def test_webhook_refuses_an_image_without_the_secret(invoke: Invoke) -> None:
    """A registry that shows another secret is refused."""
    event = _sample("webhook-registry-harbor")
    event["headers"]["authorization"] = "another"
    assert 401 == invoke("WebhookFunction", event)["statusCode"]


def test_webhook_takes_an_event_of_ecr(invoke: Invoke) -> None:
    """A push to Amazon's registry comes over EventBridge, and needs no secret."""
    assert {"status": "ignored"} == invoke("WebhookFunction", _sample("webhook-registry-ecr"))


@pytest.fixture
def audited(account: Account) -> Iterator[Account]:
    """The account, with a cluster that may send audit events as long as the test lasts."""
    registry = Registry(account.table, SecretStore(account.client("secretsmanager")), STACK)
    cluster = registry.register_cluster("in-cluster", "https://k.test", default=True, config={})
    sources = AuditSources(account.table)
    sources.admit("in-cluster", AUDIT_TOKEN, user="", now=time.time())
    yield account
    sources.refuse("in-cluster")
    registry.forget_cluster(cluster)


def test_audit_keeps_who_changed_an_object(invoke: Invoke, audited: Account) -> None:
    """What an API server posts and what CloudWatch delivers of one object is found together."""
    # GIVEN a batch in which Mooring itself writes the Deployment that others change
    event = _sample("audit-webhook")
    batch = json.loads(event["body"])
    own = batch["items"][0] | {"auditID": str(uuid.uuid4()), "userAgent": "mooring/1.0"}
    event["body"] = json.dumps(batch | {"items": [own, *batch["items"]]})
    # WHEN it comes, and then a batch of the log
    answer = invoke("AuditFunction", event)
    taken = invoke("AuditFunction", _sample("audit-cloudwatch"))
    # THEN both are taken, and the people of both are known
    assert 200 == answer["statusCode"], answer["body"]
    assert 4 == json.loads(answer["body"])["events"]
    assert {} == taken
    deeds = Deeds(audited.table).find("in-cluster", ObjectKey("apps", "Deployment", "shop", "web"), 0.0, time.time())
    users = {deed.who.user for deed in deeds}
    assert {"alice@example.com", "arn:aws:sts::111122223333:assumed-role/Operators/bob"} <= users


def test_audit_refuses_a_wrong_token(invoke: Invoke, audited: Account) -> None:
    """Events that come with another token are refused, and the answer names the header."""
    event = _sample("audit-webhook")
    event["headers"]["authorization"] = "Bearer another"
    answer = invoke("AuditFunction", event)
    assert (401, "Authorization") == (answer["statusCode"], json.loads(answer["body"])["field"])


@pytest.fixture
def heard(account: Account) -> Iterator[Listeners]:
    """Slack, which is told of every new application as long as the test lasts."""
    notes = Notes(account.table)
    with listeners() as told:
        service = f"{{token: $slack-token, apiURL: {told.url}/api}}"
        subscriptions = "- {recipients: ['slack:team'], triggers: [on-created]}"
        notes.put_settings({"service.slack": service, "subscriptions": subscriptions})
        yield told
    notes.put_settings({})


def test_live_has_nobody_to_tell(invoke: Invoke) -> None:
    """Changes of the stream with no page open are done with one read, and a page that leaves was never known."""
    assert {"batchItemFailures": []} == invoke("LiveFunction", _sample("notify-stream"))
    assert {"statusCode": 200} == invoke("LiveFunction", _sample("live-disconnect"))


def test_notify_tells_what_the_stream_has(invoke: Invoke, account: Account, heard: Listeners) -> None:
    """A record of the table's stream becomes a message of the queue, and that is what people read."""
    # GIVEN an application that was declared
    changed = invoke("NotifyFunction", _sample("notify-stream"))
    # WHEN the message that it made is delivered
    told = invoke("NotifyFunction", {"Records": account.records("NotesQueue")})
    # THEN the channel has it
    assert [{"batchItemFailures": []}] * 2 == [changed, told]
    assert ["argocd/shop was created"] == heard.said()


def test_watch_ends_where_there_is_nothing_to_watch(invoke: Invoke) -> None:
    """A watcher of a cluster that nobody has registered ends at once, and starts no other."""
    assert {"ended": "the cluster is not to be watched any more"} == invoke("WatchFunction", _sample("watch-cluster"))


def test_look_answers_whoever_waits(invoke: Invoke) -> None:
    """A look at an application that nobody declared is answered with an error that says so, and the function is well."""
    answer = invoke("LookFunction", _sample("look-tree"))
    assert ("UnknownApplicationError", "argocd/nobody-declared-this") == (
        answer["error"]["name"],
        answer["error"]["subject"],
    )


def test_api_is_well(invoke: Invoke) -> None:
    """The health check needs no token."""
    assert 200 == invoke("ApiFunction", _sample("api-healthz"))["statusCode"]


def test_api_lists_applications(invoke: Invoke) -> None:
    """The list of a new installation is empty."""
    answer = invoke("ApiFunction", _sample("api-list"))
    assert 200 == answer["statusCode"], answer["body"]
    assert [] == json.loads(answer["body"])["items"]


def test_api_refuses_a_wrong_token(invoke: Invoke) -> None:
    """Without the token there is no answer."""
    event = _sample("api-list")
    event["headers"]["authorization"] = "Bearer another"
    assert 401 == invoke("ApiFunction", event)["statusCode"]


def test_sweep_ticks(invoke: Invoke) -> None:
    """A tick of a new installation finds nothing to do."""
    assert {} == invoke("SweepFunction", _sample("sweep-schedule"))


def test_sweep_returns_what_waited(invoke: Invoke, account: Account) -> None:
    """A message that waited in `later` is in the queue that it named, as it was."""
    # GIVEN a sample message for `syncs`
    event = _sample("sweep-later")
    # WHEN sweep takes it
    answer = invoke("SweepFunction", event)
    # THEN it is done, and the message is where it belongs
    assert {"batchItemFailures": []} == answer
    assert [json.loads(event["Records"][0]["body"])["message"]] == account.messages("SyncsQueue")


@pytest.mark.parametrize(
    ("sample", "listed"),
    [
        ("sweep-secret", "SecretsManager/eu-central-1/shop/db"),
        ("sweep-rotation", "SecretsManager/eu-central-1/shop/db"),
        ("sweep-parameter", "ParameterStore/eu-central-1//shop/key"),
    ],
)
def test_sweep_takes_word_of_secrets(invoke: Invoke, account: Account, sample: str, listed: str) -> None:
    """Whoever is made of a secret that was changed gets a message."""
    # GIVEN an application that is listed under what the sample names
    key = {"pk": {"S": f"SECRET#{listed}"}, "sk": {"S": f"APP#argocd/{sample}"}}
    table = account.values["Table"]
    account.client("dynamodb").put_item(TableName=table, Item=key)
    # WHEN the event arrives
    answer = invoke("SweepFunction", _sample(sample))
    # THEN the application is to be synced
    assert {} == answer
    cause = {"kind": "secret", "id": _sample(sample)["id"]}
    assert [{"v": 1, "app": f"argocd/{sample}", "cause": cause}] == account.messages("SyncsQueue")
    account.client("dynamodb").delete_item(TableName=table, Key=key)


@pytest.mark.parametrize(
    ("function", "sample"),
    [
        ("RenderFunction", "render-app"),
        ("SyncFunction", "sync-app"),
        ("SyncFunction", "sync-cluster"),
        ("ImagesFunction", "images-app"),
        ("NotifyFunction", "notify-note"),
    ],
)
def test_unknown_applications_are_let_go(invoke: Invoke, function: str, sample: str) -> None:
    """A message about an application that is gone does no harm and does not come again."""
    assert {"batchItemFailures": []} == invoke(function, _sample(sample))


@pytest.mark.parametrize(
    "function", ["RenderFunction", "SyncFunction", "SweepFunction", "ImagesFunction", "NotifyFunction"]
)
def test_unreadable_messages_come_again(invoke: Invoke, function: str) -> None:
    """A message that can't be read is reported, so that it ends as a dead letter and raises the alarm."""
    event = _sample("render-app")
    event["Records"][0]["body"] = "{"
    failed = [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert {"batchItemFailures": failed} == invoke(function, event)
