"""What forges tell, through the function `webhook` as Lambda calls it: DynamoDB, SQS and Secrets Manager are moto's."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mooring.flows.asked.declaring import AskPorts, declare
from mooring.flows.rules.settings import store_settings
from mooring.flows.sets.setasking import declare_set
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.deliveries import REFUSALS_KEPT, Deliveries, Told
from mooring.state.lists import Follows
from mooring.state.registry import Registry
from mooring.state.secret_store import SecretStore
from mooring.state.table import Table
from tests.doubles.deployed import Handler, deployed
from tests.doubles.hooksamples import SECRETS, WEBHOOKS, event

ROOT = Path(__file__).parents[2]
# How the repository of each provider's samples may be declared: never as the payload spells it.
DECLARED = {
    "github": "ssh://git@ssh.github.com:443/Example/payments.git",
    "gitlab": "ssh://git@gitlab.example.com:2222/shop/payments",
    "bitbucket": "git@bitbucket.org:example/payments.git",
    "bitbucketserver": "ssh://git@bitbucket.example.com:7999/shop/payments.git",
    "gitea": "git@gitea.example.com:shop/payments.git",
    "forgejo": "https://octocat@Forgejo.example.com:8443/shop/payments.git",
    "gogs": "http://gogs.example.com:3000/shop/payments",
    "azuredevops": "example@vs-ssh.visualstudio.com:v3/example/Shop/payments",
    "generic": "https://git.example.com/shop/payments.git",
    "codecommit": "ssh://APKAEXAMPLE@git-codecommit.eu-central-1.amazonaws.com/v1/repos/payments",
}
STALE = {"gitlab-push-signed", "generic-push"}


@dataclass(frozen=True, slots=True)
class Intake:
    """The handler, and what is behind it."""

    handler: Handler
    table: Table
    asking: AskPorts
    registry: Registry
    sqs: Any
    renders: str
    secrets: Any

    def send(self, sent: dict[str, Any]) -> tuple[int, Any]:
        answer = self.handler(sent, None)
        return answer["statusCode"], json.loads(answer["body"])

    def take(self) -> list[dict[str, Any]]:
        """What was queued for `render` since the last time."""
        found = []
        while messages := self.sqs.receive_message(QueueUrl=self.renders, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.renders, ReceiptHandle=message["ReceiptHandle"])
        return found

    def follow(self, url: str, target: str = "HEAD", *, name: str = "shop", depends: str = "") -> AppKey:
        """Declares an application, rendered once where it is said what from; what this queues is taken away."""
        source = {"repoURL": url, "path": "k8s", "targetRevision": target}
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name},
            "spec": {"source": source, "destination": {"name": "in-cluster", "namespace": "shop"}},
        }
        key = declare(self.asking, document, "ada").application.key
        if depends:
            from mooring.source.urls import normalise

            self.asking.applications.follow([Follows(key, {normalise(url): ([target], [depends])}, frozenset())])
        self.take()
        return key

    def told(self) -> list[Told]:
        return Deliveries(self.table).last()


@pytest.fixture
def intake() -> Iterator[Intake]:
    """A new installation, as the function `webhook` sees it."""
    with deployed("webhook", {"WEBHOOK": SECRETS}, ("RENDERS", "LATER")) as found:
        renders = found.queues["renders"]
        registry = Registry(found.table, SecretStore(found.secrets), "mooring")
        queues = Queues(found.sqs, {"renders": renders, "syncs": renders})
        asking = AskPorts(Applications(found.table), queues, time.time, registry)
        yield Intake(found.handler, found.table, asking, registry, found.sqs, renders, found.secrets)


def generic(payload: dict[str, Any], *, at: float | None = None) -> dict[str, Any]:
    """A delivery of the generic form, signed now."""
    sent = event("generic-push")
    sent["body"] = json.dumps(payload)
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(b"a-secret-for-samples", f"{stamp}.{sent['body']}".encode(), hashlib.sha256).hexdigest()
    sent["headers"] |= {"x-mooring-timestamp": stamp, "x-mooring-signature": f"v1={digest}"}
    return sent


@pytest.mark.parametrize("name", sorted({*WEBHOOKS} - STALE - {"bitbucketserver-ping", "github-ping"}))
def test_a_delivery_reaches_those_who_follow(intake: Intake, name: str) -> None:
    """GIVEN an application that follows what a delivery tells, spelled otherwise THEN it gets a look, once."""
    provider, _, what = name.partition("-")
    targets = {"tag": "1.*", "branch-deleted": "feature", "pull-request": "refs/pull/7/head"}
    target = {"merge-request": "merge-requests/7/head"} | targets
    refs = {
        "bitbucketserver-pull-request": "refs/pull-requests/7/from",
        "azuredevops-pull-request": "refs/pull/7/merge",
    }
    key = intake.follow(DECLARED[provider], refs.get(name, target.get(what, "main")))
    status, answer = intake.send(event(name))
    if name == "bitbucket-pull-request":  # Bitbucket Cloud keeps no references of requests
        assert (200, "ignored") == (status, answer["status"])
    else:
        assert (202, {"status": "queued", "applications": [str(key)]}) == (status, answer)
        (message,) = intake.take()
        kind = "pullrequest" if "request" in what else "push"
        assert {kind} == {message["cause"]["kind"]}
        (told,) = intake.told()
        assert (provider, "queued", (str(key),), 1) == (told.provider, told.outcome, told.applications, told.concerned)
        assert message["cause"]["id"] == told.id
    assert (200, "duplicate") == (intake.send(event(name))[0], intake.send(event(name))[1]["status"])
    assert [] == intake.take()
    assert 1 == len(intake.told())


@pytest.mark.parametrize("name", ["codecommit-branch", "codecommit-branch-deleted"])
def test_codecommit_comes_over_eventbridge(intake: Intake, name: str) -> None:
    """GIVEN an event of EventBridge THEN who follows is looked at, once; it needs no secret, since IAM lets it in."""
    intake.follow(DECLARED["codecommit"], "HEAD" if name == "codecommit-branch" else "feature")
    assert {"status": "queued"} == intake.handler(event(name), None)
    assert 1 == len(intake.take())
    assert {"status": "duplicate"} == intake.handler(event(name), None)
    assert {"status": "ignored"} == intake.handler(event("codecommit-pull-request"), None)
    assert [] == intake.take()


def test_several_references_make_one_look(intake: Intake) -> None:
    """GIVEN a delivery with a branch, a tag and a deletion THEN each who follows one gets a look, and others none."""
    for name, target in (
        ("one", "main"),
        ("two", ">=1.0.0"),
        ("three", "feature"),
        ("four", "other"),
        ("five", "HEAD"),
    ):
        intake.follow(DECLARED["bitbucket"], target, name=name)
    status, answer = intake.send(event("bitbucket-push"))
    assert 202 == status
    assert [f"argocd/{name}" for name in ("five", "one", "three", "two")] == answer["applications"]
    assert ["bitbucket.org/example/payments"] == [each["repository"] for each in intake.take()]
    (told,) = intake.told()
    assert ("refs/heads/main", "refs/tags/v1.4.2", "refs/heads/feature") == told.refs


@pytest.mark.parametrize("name", ["github-push", "gitlab-push", "gitea-push", "forgejo-push", "gogs-push"])
def test_those_whose_files_changed_go_first(intake: Intake, name: str) -> None:
    """GIVEN two applications of one repository WHEN a push lists its files THEN the touched one goes at once."""
    url = DECLARED[name.partition("-")[0]]
    touched = intake.follow(url, name="touched", depends="k8s")
    intake.follow(url, name="other", depends="docs")
    assert 202 == intake.send(event(name))[0]
    assert [str(touched)] == [each.get("app") for each in intake.take()]
    (told,) = intake.told()
    assert (2, 1) == (told.concerned, told.touched)
    assert str(touched) == told.applications[0], "of very many the touched ones are named"


def test_head_is_the_default_branch(intake: Intake) -> None:
    """GIVEN the default branch is told THEN HEAD means that; where it isn't, any branch may be it."""
    intake.follow("https://git.example.com/shop/payments", "HEAD")
    base = {"repository": "git@git.example.com:shop/payments.git", "ref": "refs/heads/side"}
    assert "ignored" == intake.send(generic(base | {"defaultBranch": "main"}))[1]["status"]
    assert "queued" == intake.send(generic(base | {"defaultBranch": "side"}))[1]["status"]
    assert "queued" == intake.send(generic(base))[1]["status"]
    assert "ignored" == intake.send(generic(base | {"ref": "refs/tags/v1"}))[1]["status"]


def test_pings_are_answered(intake: Intake) -> None:
    """GIVEN a ping, signed or as Bitbucket Data Center sends it THEN it is answered and nothing is queued."""
    for sent in (event("github-ping"), event("bitbucketserver-ping"), generic({"event": "ping"})):
        assert (200, {"status": "pong", "applications": []}) == intake.send(sent)
    assert ["pong", "pong"] == [each.outcome for each in intake.told()]


@pytest.mark.parametrize("name", sorted(STALE))
def test_a_late_delivery_is_refused_and_told(intake: Intake, name: str) -> None:
    """GIVEN a delivery signed long ago THEN it is refused with its reason, and the reason is kept for people."""
    status, answer = intake.send(event(name))
    assert 401 == status
    (told,) = intake.told()
    assert ("refused", name.partition("-")[0], "192.0.2.10") == (told.outcome, told.provider, told.source)
    assert f"{answer['field']}: {answer['detail']}" == told.reason


def test_a_captured_delivery_is_worth_nothing(intake: Intake) -> None:
    """GIVEN a good delivery WHEN it is sent again under another id THEN nothing happens."""
    intake.follow(DECLARED["github"])
    sent = event("github-push")
    assert 202 == intake.send(sent)[0]
    assert 1 == len(intake.take())
    sent["headers"]["x-github-delivery"] = "another"
    assert (200, "duplicate") == (intake.send(sent)[0], intake.send(sent)[1]["status"])
    assert [] == intake.take()


def test_what_is_too_large_is_not_read(intake: Intake) -> None:
    """GIVEN more than 5 MiB THEN it is refused before anything else."""
    sent = event("github-push")
    sent["body"] += " " * (5 * 1024 * 1024)
    assert 413 == intake.send(sent)[0]
    assert [] == intake.told()


def test_strangers_can_not_fill_the_table(intake: Intake) -> None:
    """GIVEN a flood of forged deliveries THEN each source gets few explanations, and what is kept is bounded.

    Whoever has the secret gets through all the while, from the same address too.
    """
    intake.follow(DECLARED["github"])
    forged = event("github-push")
    forged["headers"]["x-hub-signature-256"] = "sha256=00"
    assert [401] * 30 + [429] * 10 == [intake.send(forged)[0] for _ in range(40)]
    assert 1 == len(intake.told())
    assert 202 == intake.send(event("github-push"))[0]
    for number in range(200):
        forged["requestContext"]["http"]["sourceIp"] = f"198.51.100.{number}"
        assert 401 == intake.send(forged)[0]
    assert REFUSALS_KEPT >= len(list(intake.table.query("DELIVERIES#refused"))) > REFUSALS_KEPT / 2
    assert 1 == len(list(intake.table.query("DELIVERIES")))


def test_a_setting_lets_a_provider_in(intake: Intake) -> None:
    """GIVEN no secret THEN Gogs is refused; named in the settings it is believed, up to its source's allowance."""
    intake.secrets.put_secret_value(SecretId="webhook", SecretString='{"github": "only"}')
    intake.follow(DECLARED["gogs"])
    store_settings(intake.registry, {"webhook.unsigned": "gogs"})
    assert 202 == intake.send(event("gogs-push"))[0]
    assert 401 == intake.send(event("gitea-push"))[0]
    assert 429 in {intake.send(event("gogs-push"))[0] for _ in range(30)}


@pytest.mark.parametrize("text", ['{"github": "a-secret-for-samples"}', "a-secret-for-samples"])
def test_a_stack_from_before_goes_on_working(intake: Intake, text: str) -> None:
    """GIVEN a secret as stacks make it, or a plain text THEN it is what GitHub signs with."""
    intake.secrets.put_secret_value(SecretId="webhook", SecretString=text)
    assert 200 == intake.send(event("github-push"))[0]


def test_a_secret_that_can_not_be_read_is_our_trouble(intake: Intake) -> None:
    """GIVEN a secret that is gone, or holds no texts THEN the answer is 503, says nothing about it, and is not kept."""
    intake.secrets.put_secret_value(SecretId="webhook", SecretString='{"webhook.gogs.secret": 5}')
    status, answer = intake.send(event("github-push"))
    assert 503 == status
    assert "webhook.gogs" not in str(answer)
    intake.secrets.delete_secret(SecretId="webhook", ForceDeleteWithoutRecovery=True)
    assert 503 == intake.send(event("github-push"))[0]
    assert [] == intake.told()


def test_endless_names_are_cut(intake: Intake) -> None:
    """GIVEN a proven delivery with names as long as a body THEN it is taken, and kept in little room."""
    intake.follow("https://git.example.com/shop/payments", "main")
    long = {"repository": "https://git.example.com/shop/payments", "by": "x" * 1_000_000, "defaultBranch": "main"}
    sent = generic(long | {"refs": ["refs/heads/main", "refs/heads/" + "y" * 500_000]})
    assert 202 == intake.send(sent)[0]
    assert 1 == len(intake.take())
    (told,) = intake.told()
    assert 500 == len(told.refs[1]) == len(told.by)
    assert 400 == intake.send(generic(long | {"refs": ["refs/heads/main"] * 51}))[0]
    assert 400 == intake.send(generic({"repository": [f"https://git.test/{n}" for n in range(51)], "ref": "x"}))[0]


def test_sets_with_a_pull_request_generator_are_due(intake: Intake) -> None:
    """GIVEN sets that list requests WHEN one is opened THEN those of its repository are evaluated, and no others."""

    def fleet(name: str, generator: dict[str, Any]) -> None:
        source = {"repoURL": "https://git.test/x", "path": "."}
        spec = {"project": "default", "source": source, "destination": {"name": "in-cluster", "namespace": "x"}}
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "ApplicationSet",
            "metadata": {"name": name},
            "spec": {"generators": [generator], "template": {"metadata": {"name": "pr-{{number}}"}, "spec": spec}},
        }
        declare_set(intake.asking, document, "ada")

    github = {"github": {"owner": "Example", "repo": "payments"}}
    fleet("ours", {"pullRequest": github})
    fleet("within", {"matrix": {"generators": [{"list": {"elements": [{"a": "b"}]}}, {"pullRequest": github}]}})
    fleet("theirs", {"pullRequest": {"github": {"owner": "example", "repo": "other"}}})
    fleet("elsewhere", {"pullRequest": {"gitlab": {"project": "example/payments"}}})
    fleet("lists", {"list": {"elements": [{"number": "1"}]}})
    intake.take()
    status, answer = intake.send(event("github-pull-request"))
    assert (202, "queued") == (status, answer["status"])
    assert ["argocd/ours", "argocd/within"] == sorted(each["set"] for each in intake.take())
    assert ("argocd/ours", "argocd/within") == tuple(sorted(intake.told()[0].sets))
