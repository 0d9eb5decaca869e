"""Events and answers, in the shapes that Lambda and API Gateway give them."""

from __future__ import annotations

import json

import pytest

from local.runner.functions import Route
from local.runner.instance import Outcome
from local.runner.invocations import Invocation
from local.runner.queues import failed_items, records_of
from local.runner.routes import Answer, find_route, read_answer

ROUTES = [
    (Route("GET", "/apps"), "list"),
    (Route("ANY", "/apps"), "any"),
    (Route("GET", "/apps/{name}"), "get"),
    (Route("GET", "/apps/special"), "special"),
    (Route("GET", "/apps/{name}/{rest+}"), "below"),
    (Route("ANY", "/{proxy+}"), "proxy"),
]


@pytest.mark.parametrize(
    ("function", "parameters", "method", "target"),
    [
        ("list", {}, "GET", "/apps"),
        ("list", {}, "GET", "/apps?x=/apps/special"),
        ("any", {}, "POST", "/apps"),
        ("special", {}, "GET", "/apps/special"),
        ("get", {"name": "a/b"}, "GET", "/apps/a%2Fb"),
        ("below", {"name": "x", "rest": "y/z"}, "GET", "/apps/x/y/z"),
        ("proxy", {"proxy": "apps/x"}, "DELETE", "/apps/x"),
        ("proxy", {"proxy": "other"}, "GET", "/other"),
    ],
)
def test_the_most_specific_route_wins(function: str, parameters: dict[str, str], method: str, target: str) -> None:
    """An exact path beats a parameter, a parameter a greedy one, a method ANY."""
    match = find_route(ROUTES, method, target)

    assert match is not None
    assert (function, parameters) == (match.function, match.parameters)


def test_a_path_without_a_route_has_none() -> None:
    """No route is no route; `$default` takes whatever is left."""
    assert find_route(ROUTES[:3], "GET", "/apps/a/b") is None
    assert find_route(ROUTES[:3], "DELETE", "/apps/a") is None
    match = find_route([*ROUTES, (Route("ANY", "$default"), "rest")], "GET", "/")
    assert match is not None
    assert ("rest", "$default") == (match.function, match.route.key)


@pytest.mark.parametrize(
    ("expected", "returned"),
    [
        (Answer(200, [("content-type", "application/json")], b'{"a": 1}'), {"a": 1}),
        (Answer(200, [("content-type", "application/json")], b'"text"'), "text"),
        (Answer(204, [], b""), {"statusCode": 204}),
        (Answer(201, [("content-type", "text/plain;charset=UTF-8")], b"made"), {"statusCode": "201", "body": "made"}),
        (Answer(200, [("x-on", "true")], b""), {"statusCode": 200, "headers": {"X-On": True}}),
    ],
)
def test_what_a_function_returns_becomes_a_response(expected: Answer, returned: object) -> None:
    """With a status code it is a response, without one it is the body."""
    assert expected == read_answer(json.dumps(returned).encode())


@pytest.mark.parametrize("returned", [{"statusCode": 200, "body": {"a": 1}}, {"statusCode": "no"}])
def test_what_is_no_response_is_refused(returned: object) -> None:
    """A body that isn't text, or a status that isn't a number, can't be answered with."""
    with pytest.raises(ValueError):
        read_answer(json.dumps(returned).encode())


@pytest.mark.parametrize(
    ("failed", "payload"),
    [
        (set(), "null"),
        (set(), "{}"),
        (set(), '{"batchItemFailures": []}'),
        (set(), '{"batchItemFailures": null}'),
        ({"b"}, '{"batchItemFailures": [{"itemIdentifier": "b"}]}'),
        ({"a", "b"}, '{"batchItemFailures": [{"itemIdentifier": "c"}]}'),
        ({"a", "b"}, '{"batchItemFailures": [{"itemIdentifier": ""}]}'),
        ({"a", "b"}, '{"batchItemFailures": [{"id": "a"}]}'),
        ({"a", "b"}, '{"batchItemFailures": ["a"]}'),
        ({"a", "b"}, '{"batchItemFailures": "a"}'),
        ({"a", "b"}, '"done"'),
    ],
)
def test_failed_items_are_read_as_lambda_reads_them(failed: set[str], payload: str) -> None:
    """What can't be understood means that everything failed; nothing said means that nothing did."""
    assert failed == failed_items(Outcome("id", payload.encode(), None), {"a", "b"}, partial=True)


def test_without_partial_responses_the_answer_does_not_matter() -> None:
    """Without `ReportBatchItemFailures` only an error counts, and then for all."""
    answer = b'{"batchItemFailures": [{"itemIdentifier": "b"}]}'

    assert set() == failed_items(Outcome("id", answer, None), {"a", "b"}, partial=False)
    assert {"a", "b"} == failed_items(Outcome("id", b"{}", "RuntimeError"), {"a", "b"}, partial=False)


def test_message_attributes_have_lambdas_spelling() -> None:
    """Text stays text and bytes become base64."""
    message = {
        "MessageId": "m",
        "ReceiptHandle": "r",
        "Body": "b",
        "MD5OfBody": "5",
        "Attributes": {"ApproximateReceiveCount": 2},
        "MessageAttributes": {
            "t": {"DataType": "String", "StringValue": "x"},
            "b": {"DataType": "Binary", "BinaryValue": b"\xff"},
        },
    }

    (record,) = records_of([message], "arn:q", "eu-central-1")

    assert {"ApproximateReceiveCount": "2"} == record["attributes"]
    empty: dict[str, list[str]] = {"stringListValues": [], "binaryListValues": []}
    assert {"dataType": "String", "stringValue": "x", **empty} == record["messageAttributes"]["t"]
    assert {"dataType": "Binary", "binaryValue": "/w==", **empty} == record["messageAttributes"]["b"]


def test_a_cold_start_is_billed() -> None:
    """Billed time is initialisation and duration, rounded up to a millisecond."""
    cold = Invocation("f", "id", 2048, 0.1001, 0.25, 0.0, 50.0, None)

    assert 351 == cold.billed
    assert pytest.approx(0.702) == cold.gigabyte_seconds
