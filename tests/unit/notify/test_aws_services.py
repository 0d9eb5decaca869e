"""Mail by SES and messages by SNS: moto stands for AWS, boto3's models say what may be asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config

from mooring.errors import ConfigurationError, ForbiddenError, MooringError, RejectedError, ThrottledError
from mooring.errors import UnreachableError
from mooring.notify.message import Rendered, Sending, Summary
from mooring.notify.posting import Poster
from mooring.notify.services import service_of
from mooring.notify.services.aws import Clients
from tests.doubles.listeners import listeners

REGION = "eu-central-1"
SMALL = Summary("shop ist bereit ✓", "Fix it", "good", (("Author", "Ada <ada@test>"),), (("App", "https://m/a?b&c"),),
                "deployment 1", "Update", application="argocd/shop", trigger="on-deployed")  # fmt: skip
HUGE = Summary("A title\nthat goes on " * 50, "Täxt & more <of it> \n" * 20_000, "bad", application="argocd/shop")
Make = Callable[..., Any]


def client(service: str, region: str | None, **more: Any) -> Any:
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=5)
    return boto3.client(service, region_name=region or REGION, config=config, **more)  # type: ignore[call-overload]


def tell(type_: str, rendered: Rendered | Summary, to: str, make: Make = client, **config: Any) -> None:
    message = Rendered(rendered) if isinstance(rendered, Summary) else rendered
    sending = Sending(type_, to, "note-1", 1_700_000_000.0, Poster(), lambda url: None, Clients(make).get)
    service_of(type_).deliver(config, message, None, sending)


def sent(endpoint: str) -> list[dict[str, Any]]:
    """The mails that moto took."""
    found = requests.get(f"{endpoint}/moto-api/data.json", timeout=10).json()["ses"]["Message"]
    return [dict(each) for each in found]


@pytest.fixture
def verified(aws: str) -> str:
    boto3.client("sesv2", region_name=REGION).create_email_identity(EmailIdentity="deploy@test.example")
    return aws


def test_a_mail_goes_out_to_its_recipient(verified: str) -> None:
    """GIVEN a verified sender WHEN something happens THEN one mail says it, in text, or in both."""
    before = len(sent(verified))
    config: dict[str, Any] = {"from": "deploy@test.example"}
    tell("email", SMALL, "team@test.example", **config)
    tell("email", SMALL, "team@test.example", **config, html=True)
    plain, html = sent(verified)[before:]
    assert ("shop ist bereit ✓", "deploy@test.example", ["team@test.example"]) == (
        plain["subject"], plain["source"], plain["destinations"]["ToAddresses"],
    )  # fmt: skip
    assert "Fix it\n\nAuthor: Ada <ada@test>\nApp: https://m/a?b&c" in plain["body"]
    assert '<td>Ada &lt;ada@test&gt;</td></tr></table><p><a href="https://m/a?b&amp;c">App</a></p>' in html["body"]


def test_a_template_of_argo_cd_words_the_mail(verified: str) -> None:
    """`email.subject` and `email.body` as Argo CD's catalog has them; without a body the message is the body."""
    config: dict[str, Any] = {"from": "deploy@test.example"}
    tell("email", Rendered(SMALL, {"message": "all", "email": {"subject": "S\nT", "body": "B"}}), "a@b.test", **config)
    tell("email", Rendered(SMALL, {"message": "all", "email": {"subject": "S"}}), "a@b.test", **config)
    assert [("S T", "B"), ("S", "all")] == [(each["subject"], each["body"]) for each in sent(verified)[-2:]]


def test_mails_of_one_deployment_are_one_thread() -> None:
    """They refer to the same message, and those of another application to another."""
    from mooring.notify.services.email import mail_of

    def thread(summary: Summary, id_: str) -> str:
        sending = Sending("email", "a@b.test", id_, 0.0, Poster(), lambda url: None, client)
        headers = mail_of({"from": "c@d.test"}, Rendered(summary), sending)["Content"]["Simple"]["Headers"]
        return next(str(each["Value"]) for each in headers if each["Name"] == "References")

    other = Summary("x", group="deployment 1", application="argocd/other")
    assert thread(SMALL, "1") == thread(SMALL, "2")
    assert 2 == len({thread(SMALL, "1"), thread(other, "1")})


@pytest.mark.parametrize(
    ("config", "to", "field"),
    [({}, "a@b.test", "from"), ({"from": "c@d.test"}, "team", "recipient 'team'"),
     ({"from": "c@d.test", "domains": ["d.test"]}, "x@d.test.evil", "recipient 'x@d.test.evil'")],
)  # fmt: skip
def test_what_a_mail_lacks_is_named(config: dict[str, Any], to: str, field: str) -> None:
    """Nothing is asked of SES."""
    with pytest.raises(ConfigurationError) as raised:
        tell("email", SMALL, to, **config)
    assert field == raised.value.field


def test_ses_says_what_is_not_verified(aws: str) -> None:
    """Its own words reach whoever lists what failed."""
    with pytest.raises(RejectedError, match=r"MessageRejected.*not verified"):
        tell("email", SMALL, "a@b.test", client, **{"from": "nobody@else.example"})


def heard_by(topic: str, fifo: str = "") -> Callable[[], list[dict[str, Any]]]:
    """A queue that subscribes to a topic; what it was told."""
    sqs, sns = boto3.client("sqs", region_name=REGION), boto3.client("sns", region_name=REGION)
    name = topic.rpartition(":")[2].removesuffix(".fifo")
    url = sqs.create_queue(QueueName=f"{name}{fifo}", Attributes={"FifoQueue": "true"} if fifo else {})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    receive = partial(sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=10)
    return lambda: [json.loads(each["Body"]) for each in receive().get("Messages", [])]


def test_a_topic_is_told(aws: str) -> None:
    """Text or JSON, with attributes that subscriptions may filter by; whatever is told fits."""
    topic = boto3.client("sns", region_name=REGION).create_topic(Name="deployments")["TopicArn"]
    heard = heard_by(topic)
    tell("sns", SMALL, "team", topics={"team": topic})
    (told,) = heard()
    assert ("shop ist bereit ?", "shop ist bereit ✓\nFix it") == (told["Subject"], told["Message"])
    assert {"id": "note-1", "trigger": "on-deployed", "application": "argocd/shop", "tone": "good"} == {
        name: each["Value"] for name, each in told["MessageAttributes"].items()
    }
    tell("sns", SMALL, "", topic=topic, message="json")
    (told,) = heard()
    assert ("note-1", {"Author": "Ada <ada@test>"}) == tuple(json.loads(told["Message"])[n] for n in ("id", "facts"))
    tell("sns", HUGE, "", topic=topic)
    (told,) = heard()
    assert (True, True) == (len(told["Message"].encode()) <= 256 * 1024, len(told["Subject"]) <= 100)


def test_a_fifo_topic_drops_what_it_was_told(aws: str) -> None:
    """GIVEN a FIFO topic WHEN a message is sent again after a crash THEN subscribers get it once."""
    attributes = {"FifoTopic": "true"}
    topic = boto3.client("sns", region_name=REGION).create_topic(Name="ordered.fifo", Attributes=attributes)["TopicArn"]
    heard = heard_by(topic, ".fifo")
    tell("sns", SMALL, "", topic=topic)
    tell("sns", SMALL, "", topic=topic)
    assert 1 == len(heard())


def test_a_topic_that_is_not_there_is_named(aws: str) -> None:
    """By SNS, and by us where no ARN is declared."""
    with pytest.raises(RejectedError, match=r"NotFound.*does not exist"):
        tell("sns", SMALL, "", topic=f"arn:aws:sns:{REGION}:123456789012:nothing")
    with pytest.raises(ConfigurationError, match="'team'"):
        tell("sns", SMALL, "team", topics={"other": f"arn:aws:sns:{REGION}:123456789012:nothing"})


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(429, "TooManyRequestsException", ThrottledError), (500, "InternalFailure", UnreachableError),
     (403, "AccessDeniedException", ForbiddenError), (400, "MailFromDomainNotVerifiedException", RejectedError)],
)  # fmt: skip
def test_what_aws_answers_says_whether_to_try_again(aws: str, status: int, code: str, kind: type[MooringError]) -> None:
    """One request is made for one try: the engine counts them."""
    with listeners() as double:
        double.faults["/"] = [(status, {"x-amzn-ErrorType": code}, {"message": "in AWS's words"})]
        with pytest.raises(kind) as raised:
            tell("email", SMALL, "a@b.test", partial(client, endpoint_url=double.url), **{"from": "c@d.test"})
        assert 1 == len(double.calls)
    if kind is ForbiddenError:
        assert "EmailIdentityArns" in str(raised.value)
