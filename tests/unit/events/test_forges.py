"""What forges tell: each verified as its provider signs, all of it said in the same words."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from mooring.errors import ConfigurationError, ForbiddenError
from mooring.events.forges.codecommit import is_repository_event, parse_repository_event
from mooring.events.forges.happenings import Delivery, Ping, PullRequest, Push
from mooring.events.forges.recognising import PROVIDERS, read, recognise
from mooring.events.forges.verifying import Request, Rules
from tests.doubles.hooksamples import SECRETS, SENT_AT, WEBHOOKS, event, received, request, trust

AFTER = "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"
FILES = frozenset({"k8s/deployment.yaml"})
SIGNED = [name for name in WEBHOOKS if name != "bitbucketserver-ping"]


def told(sent: Request, **changed: Any) -> Delivery:
    return read(recognise(sent.headers), sent, trust(**changed))


def signature_of(sent: Request) -> str:
    """The header that proves a sample."""
    names = (
        "x-mooring-signature", "x-forgejo-signature", "x-gitea-signature", "x-gogs-signature", "webhook-signature",
        "x-gitlab-token", "authorization", "x-hub-signature-256", "x-hub-signature",
    )  # fmt: skip
    return next(name for name in names if name in sent.headers)


def pushed(name: str) -> list[tuple[str, bool, frozenset[str] | None]]:
    return [(each.ref, each.deleted, each.files) for each in received(name).happened if isinstance(each, Push)]


# -- what is told ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("github-push", [("refs/heads/main", False, FILES)]),
        ("github-tag", [("refs/tags/v1.4.2", False, None)]),
        ("github-branch-deleted", [("refs/heads/feature", True, None)]),
        ("gitlab-push", [("refs/heads/main", False, FILES)]),
        ("gitlab-push-signed", [("refs/heads/main", False, FILES)]),
        ("gitlab-tag", [("refs/tags/v1.4.2", False, None)]),
        ("gitlab-branch-deleted", [("refs/heads/feature", True, None)]),
        ("gitea-push", [("refs/heads/main", False, FILES)]),
        ("gitea-branch-deleted", [("refs/heads/feature", True, None)]),
        ("forgejo-push", [("refs/heads/main", False, FILES)]),
        ("gogs-push", [("refs/heads/main", False, FILES)]),
        ("gogs-tag", [("refs/tags/v1.4.2", False, None)]),
        ("azuredevops-push", [("refs/heads/main", False, None), ("refs/heads/feature", True, None)]),
        ("generic-push", [("refs/heads/main", False, FILES)]),
        *(
            (
                name,
                [
                    ("refs/heads/main", False, None),
                    ("refs/tags/v1.4.2", False, None),
                    ("refs/heads/feature", True, None),
                ],
            )
            for name in ("bitbucket-push", "bitbucketserver-push")
        ),
    ],
)
def test_pushes(name: str, expected: list[tuple[str, bool, frozenset[str] | None]]) -> None:
    """Each reference that moved, came or went is told, and the files where the payload lists them all."""
    assert expected == pushed(name)


@pytest.mark.parametrize(
    ("name", "number", "action", "names"),
    [
        ("github-pull-request", "7", "opened", ("example/payments",)),
        ("gitlab-merge-request", "7", "merged", ("shop/payments", "15")),
        ("bitbucket-pull-request", "7", "merged", ("example/payments",)),
        ("bitbucketserver-pull-request", "7", "updated", ("SHOP/payments",)),
        ("gitea-pull-request", "7", "updated", ("shop/payments",)),
        ("azuredevops-pull-request", "7", "merged", ("Shop/payments",)),
    ],
)
def test_pull_requests(name: str, number: str, action: str, names: tuple[str, ...]) -> None:
    """A request is told with its number, what became of it, and what generators call its repository."""
    (request,) = received(name).happened
    assert isinstance(request, PullRequest)
    assert (number, action, names) == (request.number, request.action, request.names)
    assert ("feature", "main") == (request.source, request.target)


def test_a_ping_asks_for_nothing() -> None:
    """GitHub's ping is a ping, and a delivery of another kind says nothing that concerns us."""
    assert (Ping(),) == received("github-ping").happened
    assert () == told(request("github-push", x_github_event="star")).happened


def test_every_provider_has_samples() -> None:
    """A provider without a sample would go untested."""
    assert set(PROVIDERS) == {recognise(request(name).headers).name for name in WEBHOOKS}


def test_descendants_are_known_by_their_own_name() -> None:
    """Gitea and Forgejo send the headers of Gogs and GitHub too, and are taken for neither."""
    assert ["forgejo", "gitea", "gogs"] == [received(f"{name}-push").provider for name in ("forgejo", "gitea", "gogs")]


def test_a_request_of_nobody_known_is_refused() -> None:
    """Without a header of any forge there is nobody to ask for a signature."""
    with pytest.raises(ConfigurationError, match="generic form"):
        recognise({"content-type": "application/json"})


# -- whether it is believed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SIGNED)
def test_a_forged_delivery_is_refused(name: str) -> None:
    """GIVEN a body that was changed, or a proof made with another secret THEN it is refused, naming the header."""
    sent = request(name)
    changed = Request(sent.headers, sent.body.replace(b"octocat", b"mallory"), sent.source)
    proof = signature_of(sent)
    if proof not in ("x-gitlab-token", "authorization"):
        with pytest.raises(ForbiddenError) as caught:
            told(changed)
        assert proof == str(caught.value.field).lower()
    others = {key: ("another",) for key in SECRETS}
    with pytest.raises(ForbiddenError) as caught:
        told(sent, secrets=others)
    assert str(caught.value.field).lower() in (proof, "x-gitlab-token")
    assert "a-secret-for-samples" not in str(caught.value)


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize("given", ["", "sha256=", "sha1=00", "v1=00", "v1,00", "sha256=ü", "Basic !", "00"])
def test_an_unsigned_delivery_is_refused(name: str, given: str) -> None:
    """GIVEN no proof, or one that is none THEN it is refused."""
    sent = request(name)
    with pytest.raises(ForbiddenError):
        told(request(name, **{signature_of(sent): given}))


@pytest.mark.parametrize("name", SIGNED)
def test_without_a_secret_nothing_is_believed(name: str) -> None:
    """GIVEN no secret THEN a delivery is refused, unless the settings let its provider in; then it is not proven."""
    sent = request(name)
    with pytest.raises(ForbiddenError, match=r"webhook\.unsigned") as caught:
        told(sent, secrets={})
    assert str(caught.value.field).startswith("webhook.")
    provider = recognise(sent.headers).name
    let_in = told(sent, secrets={}, rules=lambda: Rules(frozenset({provider})))
    assert (False, received(name).happened) == (let_in.proven, let_in.happened)
    with pytest.raises(ForbiddenError):
        told(sent, secrets={}, rules=lambda: Rules(frozenset(PROVIDERS) - {provider}))


@pytest.mark.parametrize("name", SIGNED)
def test_a_secret_can_be_replaced_while_deliveries_come_in(name: str) -> None:
    """GIVEN the old value beside a new one, in any order THEN both are believed; the settings can't switch that off."""
    both = {key: ("new", *values, "newer") for key, values in SECRETS.items()}
    assert received(name) == told(request(name), secrets=both, rules=lambda: Rules(frozenset(PROVIDERS)))


@pytest.mark.parametrize("name", ["gitlab-push-signed", "generic-push"])
@pytest.mark.parametrize("late", [-301.0, 301.0])
def test_a_signed_time_bounds_replays(name: str, late: float) -> None:
    """GIVEN a signed time more than five minutes from now THEN the delivery is refused; just within, it counts."""
    with pytest.raises(ForbiddenError, match="300 seconds"):
        told(request(name), now=SENT_AT + late)
    assert received(name) == told(request(name), now=SENT_AT + late / 1.01)


@pytest.mark.parametrize(
    ("name", "header"), [("gitlab-push-signed", "webhook_timestamp"), ("generic-push", "x_mooring_timestamp")]
)
def test_a_time_can_not_be_changed(name: str, header: str) -> None:
    """GIVEN a captured delivery WHEN its time is made younger THEN its signature doesn't fit any more."""
    with pytest.raises(ForbiddenError, match="does not fit"):
        told(request(name, **{header: str(int(SENT_AT) + 1000)}), now=SENT_AT + 1000)


def test_githubs_own_example() -> None:
    """GIVEN the example of GitHub's page on validating deliveries THEN its signature is good (its body is no JSON)."""
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    sent = Request({"x-hub-signature-256": signature, "x-github-event": "push"}, b"Hello, World!")
    with pytest.raises(ConfigurationError, match="is not JSON"):
        told(sent, secrets={"webhook.github.secret": ("It's a Secret to Everybody",)})


def test_a_gitlab_signature_is_not_replaced_by_a_token() -> None:
    """GIVEN a signing token WHEN a signature doesn't fit THEN a good X-Gitlab-Token does not help."""
    with pytest.raises(ForbiddenError, match="does not fit"):
        told(request("gitlab-push-signed", webhook_signature="v1,AAAA", x_gitlab_token="a-secret-for-samples"))  # noqa: S106
    only = {"webhook.gitlab.secret": SECRETS["webhook.gitlab.secret"][1:]}
    with pytest.raises(ForbiddenError) as caught:
        told(request("gitlab-push"), secrets=only)
    assert "webhook-signature" == caught.value.field
    with pytest.raises(ConfigurationError, match="whsec_"):
        told(request("gitlab-push-signed"), secrets={"webhook.gitlab.secret": ("whsec_!",)})


def test_a_uuid_counts_from_bitbuckets_networks_only() -> None:
    """GIVEN the UUID of an older hook THEN it counts together with the address, and not at all beside a signature."""
    uuid = {"webhook.bitbucket.uuid": ("{12345678-1234-5678-abcd-12345678abcd}",)}
    plain = request("bitbucket-push", x_hub_signature="")
    ours = replace(plain, source="104.192.136.20")
    assert received("bitbucket-push").happened == told(ours, secrets=uuid).happened
    for source in ("192.0.2.10", "", "not an address", "::1"):
        with pytest.raises(ForbiddenError, match=r"webhook\.bitbucket\.sources"):
            told(replace(plain, source=source), secrets=uuid)
    listed = lambda: Rules(bitbucket_sources=("192.0.2.0/24",))  # noqa: E731
    assert told(plain, secrets=uuid, rules=listed).proven
    with pytest.raises(ForbiddenError, match="another"):
        told(
            replace(request("bitbucket-push", x_hook_uuid="other", x_hub_signature=""), source=ours.source),
            secrets=uuid,
        )
    with pytest.raises(ForbiddenError, match="does not fit"):
        told(
            replace(request("bitbucket-push", x_hub_signature="sha256=00"), source=ours.source), secrets=uuid | SECRETS
        )


def test_azure_needs_both_words() -> None:
    """GIVEN the right password with another user name THEN it is refused; a hook without a user name has an empty one."""
    wrong = base64.b64encode(b"mallory:a-secret-for-samples").decode()
    with pytest.raises(ForbiddenError, match="another user name or password"):
        told(request("azuredevops-push", authorization=f"Basic {wrong}"))
    nameless = base64.b64encode(b":a-secret-for-samples").decode()
    password = {"webhook.azuredevops.password": ("a-secret-for-samples",)}
    assert told(request("azuredevops-push", authorization=f"Basic {nameless}"), secrets=password).proven


def test_an_ancestors_secret_counts() -> None:
    """Argo CD knows Gitea as Gogs, so webhook.gogs.secret goes on working for it and for Forgejo."""
    gogs = {"webhook.gogs.secret": ("a-secret-for-samples",)}
    for name in ("gitea", "forgejo", "gogs"):
        assert told(request(f"{name}-push"), secrets=gogs).proven
    with pytest.raises(ForbiddenError):
        told(request("gogs-push"), secrets={"webhook.gitea.secret": ("a-secret-for-samples",)})


# -- what can't be read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SIGNED)
def test_a_form_is_no_json(name: str) -> None:
    """GIVEN another content type THEN it is refused, and the answer says which to choose."""
    with pytest.raises(ConfigurationError, match="application/json") as caught:
        told(request(name, content_type="application/x-www-form-urlencoded"))
    assert "Content-Type" == caught.value.field


def signed(payload: Any, name: str = "x-github-event", kind: str = "push") -> Request:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    digest = hmac.new(b"a-secret-for-samples", body, hashlib.sha256).hexdigest()
    return Request({name: kind, "x-hub-signature-256": f"sha256={digest}", "x-hub-signature": f"sha256={digest}"}, body)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b"payload=%7B%7D", b"[" * 100_000])
def test_bodies_must_be_json_objects(body: bytes) -> None:
    """GIVEN a signed body that is no JSON object THEN it is refused."""
    with pytest.raises(ConfigurationError) as caught:
        told(signed(body))
    assert "body" == caught.value.field


@pytest.mark.parametrize(
    ("payload", "header", "kind", "field"),
    [
        ({}, "x-github-event", "push", "ref"),
        ({"ref": 5}, "x-github-event", "push", "ref"),
        ({"ref": "refs/heads/main", "repository": []}, "x-github-event", "push", "repository"),
        ({"ref": "refs/heads/main", "repository": {}}, "x-github-event", "push", "repository.clone_url"),
        ({"action": "opened"}, "x-github-event", "pull_request", "pull_request"),
        ({"push": {"changes": []}}, "x-hook-uuid", "repo:push", "repository.full_name"),
        ({}, "x-event-key", "repo:refs_changed", "repository"),
        ({"repository": {"slug": "a"}}, "x-event-key", "repo:refs_changed", "repository.links.clone"),
        ({}, "x-event-key", "pr:opened", "pullRequest"),
    ],
)
def test_wrong_payloads_name_the_field(payload: Any, header: str, kind: str, field: str) -> None:
    """GIVEN a signed payload that is not what its provider documents THEN the error names the field."""
    sent = signed(payload, header, kind)
    with pytest.raises(ConfigurationError) as caught:
        told(Request({**sent.headers, "x-event-key": kind}, sent.body) if header == "x-hook-uuid" else sent)
    assert field == caught.value.field


def test_older_data_centers_name_a_page_only() -> None:
    """GIVEN a payload without clone links THEN the address follows from the page of the repository."""
    page = "https://bitbucket.example.com/projects/SHOP/repos/payments/browse"
    repository = {"slug": "payments", "project": {"key": "SHOP"}, "links": {"self": [{"href": page}]}}
    changes = [{"refId": "refs/heads/main", "toHash": AFTER, "type": "UPDATE"}]
    (push,) = told(signed({"repository": repository, "changes": changes}, "x-event-key", "repo:refs_changed")).happened
    assert isinstance(push, Push)
    assert ("https://bitbucket.example.com/scm/SHOP/payments.git",) == push.urls


def _push(**changed: Any) -> Push:
    payload = json.loads(request("github-push").body) | changed
    (push,) = told(signed(payload)).happened
    assert isinstance(push, Push)
    return push


@pytest.mark.parametrize(
    "change",
    [
        {"commits": []},
        {"forced": True},
        {"created": True},
        {"commits": [{"added": None}]},
        {"commits": ["x"]},
        {"commits": [{"added": ["a"], "modified": [], "removed": []}] * 2048},
    ],
)
def test_incomplete_file_lists_are_not_trusted(change: dict[str, Any]) -> None:
    """GIVEN a push whose files are not all listed THEN its files are unknown."""
    assert _push(**change).files is None


def test_a_cut_list_of_commits_is_no_list_of_files() -> None:
    """GIVEN GitLab's twenty commits of more THEN the files are unknown."""
    sent = request("gitlab-push")
    body = sent.body.replace(b'"total_commits_count":1', b'"total_commits_count":21')
    (push,) = told(Request(sent.headers, body)).happened
    assert isinstance(push, Push)
    assert push.files is None


def test_tags() -> None:
    """GIVEN a tag with a slash THEN its whole name is kept."""
    push = _push(ref="refs/tags/release/1.2")
    assert ("tag", "release/1.2") == (push.kind, push.name)


# -- which deliveries are the same -------------------------------------------------------------------------------------


def test_what_tells_deliveries_apart() -> None:
    """Where an id isn't signed the content counts too, unless it says nothing: a branch can be deleted twice."""
    twins = {name: bool(received(name).twin) for name in SIGNED}
    assert {"github-push", "github-tag", "bitbucket-push", "gitea-push", "forgejo-push", "gogs-push"} <= {
        name for name, has in twins.items() if has
    }
    assert not any(twins[name] for name in ("github-branch-deleted", "gitea-branch-deleted", "gitlab-push"))
    assert not any(twins[name] for name in ("gitlab-push-signed", "generic-push", "azuredevops-push"))
    assert len(SIGNED) == len({(received(name).provider, received(name).id) for name in SIGNED})


# -- CodeCommit ----------------------------------------------------------------------------------------------------------


def test_codecommit_tells_over_eventbridge() -> None:
    """A branch that moved or went, and a merged request, at the address of the region."""
    url = "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/payments"
    (moved,) = parse_repository_event(event("codecommit-branch")).happened
    assert Push((url,), "refs/heads/main", AFTER, "arn:aws:iam::123456789012:user/octocat") == moved
    (gone,) = parse_repository_event(event("codecommit-branch-deleted")).happened
    assert isinstance(gone, Push)
    assert ("refs/heads/feature", True) == (gone.ref, gone.deleted)
    (request,) = parse_repository_event(event("codecommit-pull-request")).happened
    assert isinstance(request, PullRequest)
    assert ("7", "merged", "feature", "main") == (request.number, request.action, request.source, request.target)


def test_codecommit_in_other_places() -> None:
    """China has a suffix of its own; an event without a name is refused; HTTP requests are none of EventBridge's."""
    chinese = event("codecommit-branch") | {"region": "cn-north-1"}
    (moved,) = parse_repository_event(chinese).happened
    assert isinstance(moved, Push)
    assert ("https://git-codecommit.cn-north-1.amazonaws.com.cn/v1/repos/payments",) == moved.urls
    nameless = event("codecommit-branch")
    nameless["detail"]["repositoryName"] = ""
    with pytest.raises(ConfigurationError):
        parse_repository_event(nameless)
    assert () == parse_repository_event({"id": "1", "detail": {"event": "approvalRuleCreated"}}).happened
    assert is_repository_event(chinese)
    assert not is_repository_event(event("github-push"))
