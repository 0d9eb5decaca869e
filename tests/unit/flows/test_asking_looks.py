"""What `api` makes of Lambda's answers, and of those of the function `look`."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from mooring.errors import ConfigurationError, MooringError, PermanentError, ThrottledError, UnreachableError
from mooring.flows.asked.declaring import UnknownApplicationError
from mooring.flows.asked.looks import NoSuchObjectError, ask_look
from mooring.flows.looking.answering import answer_look
from mooring.model.application import AppKey
from mooring.starting import LookAsker, compressed

APP = AppKey("argocd", "shop")


class Lambda:
    """Answers each invocation alike, and keeps what it was asked."""

    def __init__(self, payload: Any = None, *, error: Exception | None = None, failed: bool = False) -> None:
        self.payload, self.error, self.failed = payload, error, failed
        self.asked: list[Mapping[str, Any]] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> Any:  # noqa: N803 (boto3's names)
        self.asked.append({"function": FunctionName, "type": InvocationType, **orjson.loads(Payload)})
        if self.error is not None:
            raise self.error
        told = {"FunctionError": "Unhandled"} if self.failed else {}
        return {"Payload": io.BytesIO(orjson.dumps(self.payload)), **told}


def ask(client: Lambda, **more: Any) -> dict[str, Any]:
    return ask_look(LookAsker(lambda: client, "mooring-look"), "tree", APP, **more)


def test_an_answer_is_passed_on() -> None:
    """GIVEN an answer WHEN asked THEN it comes back, and the question was put to the function once."""
    client = Lambda({"answer": {"nodes": []}})
    assert {"nodes": []} == ask(client, limit=3)
    expected = {"function": "mooring-look", "type": "RequestResponse", "ask": "tree", "app": "argocd/shop", "limit": 3}
    assert [expected] == client.asked


def test_large_answers_are_compressed_on_the_way() -> None:
    """GIVEN an answer beyond what is sent as it is WHEN asked THEN it comes back whole."""
    answer = {"answer": {"text": os.urandom(200_000).hex()}}
    sent = compressed(answer)
    assert ["gzip"] == list(sent)
    assert answer["answer"] == ask(Lambda(sent))
    assert {"answer": {}} == compressed({"answer": {}})


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Invoke")


@pytest.mark.parametrize(
    ("client", "kind", "words"),
    [
        (Lambda(error=refusal("TooManyRequestsException")), ThrottledError, "ask again in a moment"),
        (Lambda(error=refusal("ServiceException")), UnreachableError, "ServiceException"),
        (Lambda(error=refusal("AccessDeniedException")), PermanentError, "check the role of api"),
        (Lambda(error=ReadTimeoutError(endpoint_url="https://lambda.test")), UnreachableError, "no answer in time"),
        (Lambda({"errorMessage": "secret words"}, failed=True), UnreachableError, "its log says why"),
        (Lambda({"nonsense": 1}), UnreachableError, "deploy all functions"),
    ],
)
def test_what_goes_wrong_on_the_way_is_told(client: Lambda, kind: type[MooringError], words: str) -> None:
    """GIVEN a Lambda that refuses, is late or fails WHEN asked THEN the error says what to do, once, and quotes nothing."""
    with pytest.raises(kind, match=words) as raised:
        ask(client)
    assert "secret words" not in str(raised.value)
    assert 1 == len(client.asked)


class Raising:
    """Ports whose clusters can't be read."""

    def __init__(self, error: MooringError) -> None:
        self.targets = self
        self.error = error

    def refresh(self) -> None:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError("must be given", field="kind"),
        NoSuchObjectError("has no ConfigMap shop/web", subject="argocd/shop"),
        UnknownApplicationError("no application of this name is declared", subject="argocd/shop"),
        ThrottledError("slow down", retry_after=7.0),
        UnreachableError("no answer"),
    ],
)
def test_errors_of_a_look_are_raised_again(error: MooringError) -> None:
    """GIVEN an error in `look` WHEN its answer is taken apart THEN the same error is raised, with field and words."""
    answer = answer_look(Raising(error), {"ask": "tree", "app": "argocd/shop"})  # type: ignore[arg-type]
    with pytest.raises(type(error)) as raised:
        ask(Lambda(answer))
    assert (error.message, error.field, error.subject) == (
        raised.value.message,
        raised.value.field,
        raised.value.subject,
    )
    assert getattr(error, "retry_after", None) == getattr(raised.value, "retry_after", None)
