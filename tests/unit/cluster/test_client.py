"""HTTP to an API server: what is sent, what is retried, what each answer becomes."""

from __future__ import annotations

from typing import Any

import pytest

from mooring import __version__
from mooring.cluster.auth import BasicLogin, BearerToken, Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.trying import APPLY, Waits
from mooring.errors import ConfigurationError, ForbiddenError, MooringError, ThrottledError, UnreachableError


def no_sleep(_seconds: float) -> None:
    """Tests don't wait."""


def test_a_request_carries_login_agent_query_and_json(script: Any) -> None:
    """Login, user agent, query and JSON body arrive as the API server expects them."""
    server = ApiServer(Connection(f"{script.url}/k8s/clusters/c-1", BearerToken("s3cret")))
    script.answer({"ok": True})

    answer = server.request("PATCH", "/api/v1/x", {"force": "true", "q": "a b"}, {"a": 1}, {"Content-Type": "x/y"})

    method, target, headers, body = script.seen[0]
    assert (200, {"ok": True}, ()) == (answer.status, answer.body, answer.warnings)
    assert ("PATCH", "/k8s/clusters/c-1/api/v1/x?force=true&q=a+b", b'{"a":1}') == (method, target, body)
    assert "Bearer s3cret" == headers["authorization"]
    assert f"mooring/{__version__}" == headers["user-agent"]
    assert "x/y" == headers["content-type"]


def test_basic_login_is_encoded(script: Any) -> None:
    """User name and password travel as RFC 7617 says."""
    script.answer({})
    ApiServer(Connection(script.url, BasicLogin("u", "p"))).request("GET", "/")
    assert "Basic dTpw" == script.seen[0][2]["authorization"]


def test_connections_are_reused_and_counted(script: Any) -> None:
    """Two requests share one connection, and the counters say what was sent and received."""
    server = ApiServer(Connection(script.url))
    script.answer({})
    script.answer({"a": 1})
    server.request("GET", "/")
    server.request("PUT", "/", body=[1])
    assert 1 == script.connections
    assert (2, 3, 9) == (server.requests, server.bytes_sent, server.bytes_received)


def test_a_connection_that_died_under_a_request_is_replaced_once(script: Any, hang_up: Any) -> None:
    """GIVEN a server that hangs up on a request WHEN it is harmless to send twice THEN it is sent twice."""
    server = ApiServer(Connection(script.url))
    script.replies.append(hang_up)
    script.answer({"alive": True})
    assert {"alive": True} == server.request("PATCH", "/", body={}).body
    assert 2 == script.connections


def test_five_dead_connections_in_a_row_are_an_error(script: Any, hang_up: Any) -> None:
    """Five tries are all there is: after that the server counts as unreachable."""
    server = ApiServer(Connection(script.url), sleep=no_sleep)
    script.replies += [hang_up] * 5
    with pytest.raises(UnreachableError, match="can't be reached"):
        server.request("GET", "/")
    assert 5 == len(script.seen)


def test_a_post_is_never_sent_twice(script: Any, hang_up: Any) -> None:
    """Creating is not idempotent, so a POST that may have arrived is not repeated."""
    server = ApiServer(Connection(script.url))
    script.replies.append(hang_up)
    with pytest.raises(UnreachableError):
        server.request("POST", "/", body={})
    assert 1 == len(script.seen)


def test_a_connection_closed_while_frozen_is_noticed(script: Any, reply: Any) -> None:
    """GIVEN a keep-alive connection that was closed unannounced THEN the next request, a POST too, just works."""
    server = ApiServer(Connection(script.url))
    script.replies.append(reply(then_close=True))
    server.request("GET", "/")
    script.answer({"alive": True})
    assert {"alive": True} == server.request("PATCH", "/", body={}).body


def test_connections_idle_for_long_are_not_trusted(script: Any) -> None:
    """A pool that was idle for more than a minute, as in a frozen function, is made anew before it is used."""
    clock = [1000.0]
    server = ApiServer(Connection(script.url), now=lambda: clock[0])
    for seconds in (0.0, 59.0, 61.0):
        clock[0] += seconds
        script.answer({})
        server.request("GET", "/")
    assert 2 == script.connections


def test_a_silent_server_is_unreachable(script: Any, stay_silent: Any) -> None:
    """Waiting is bounded, one more connection is tried, and no answer in time is a transient error."""
    script.replies += [stay_silent, stay_silent]
    server = ApiServer(Connection(script.url), waits=Waits(answer=0.1, whole=2.0), sleep=no_sleep)
    with pytest.raises(UnreachableError, match="in time"):
        server.request("GET", "/", subject="v1/x")
    assert 2 == len(script.seen)


def test_all_tries_together_are_bounded(script: Any, stay_silent: Any) -> None:
    """GIVEN a server that says nothing THEN the last wait is cut to what is left of the whole time."""
    script.replies += [stay_silent, stay_silent]
    naps: list[float] = []
    server = ApiServer(Connection(script.url), waits=Waits(answer=5.0, whole=0.2), sleep=naps.append)
    with pytest.raises(UnreachableError, match="in time"):
        server.request("GET", "/")
    assert [] == naps
    assert 1 == len(script.seen)


def test_an_unreachable_server_is_asked_once_in_a_while(script: Any, hang_up: Any) -> None:
    """GIVEN a server that did not answer WHEN the next object's turn comes THEN it fails at once, in the same words."""
    clock = [1000.0]
    server = ApiServer(Connection(script.url), waits=Waits(tries=1), now=lambda: clock[0], sleep=no_sleep)
    script.replies.append(hang_up)
    told = []
    for _ in range(10):
        with pytest.raises(UnreachableError) as caught:
            server.request("GET", "/")
        told.append(caught.value.message)
    assert 1 == len(set(told))
    assert 1 == len(script.seen)
    clock[0] += 5
    script.answer({"alive": True})
    assert {"alive": True} == server.request("GET", "/").body


def test_one_object_without_an_answer_does_not_stop_the_others(script: Any, hang_up: Any) -> None:
    """GIVEN a server that has answered others meanwhile THEN it does not count as unreachable."""

    def others_are_answered(_seconds: float) -> None:
        script.answer({})
        server.request("GET", "/others")
        script.replies.append(hang_up)

    server = ApiServer(Connection(script.url), waits=Waits(tries=2), sleep=others_are_answered)
    script.replies.append(hang_up)
    with pytest.raises(UnreachableError):
        server.request("GET", "/")
    script.answer({"alive": True})
    assert {"alive": True} == server.request("GET", "/").body


@pytest.mark.parametrize(
    ("method", "content_type", "code", "status"),
    [
        ("GET", "application/json", 503, {"message": "down"}),
        ("DELETE", "application/json", 500, {"message": "etcdserver: request timed out"}),
        ("PATCH", APPLY, 504, {"message": "timeout"}),
        ("PATCH", APPLY, 409, {"message": "the object has been modified", "reason": "Conflict"}),
        ("PATCH", APPLY, 409, {"message": "already exists", "reason": "AlreadyExists"}),
        ("POST", "application/json", 429, {"message": "later"}),
    ],
)
def test_what_may_pass_is_sent_again(script: Any, method: str, content_type: str, code: int, status: Any) -> None:
    """A passing trouble of a request that is harmless twice does not reach the caller."""
    server = ApiServer(Connection(script.url), sleep=no_sleep)
    script.answer({"kind": "Status", **status}, code)
    script.answer({"done": True})
    assert {"done": True} == server.request(method, "/", body={}, headers={"Content-Type": content_type}).body
    assert script.seen[0][3] == script.seen[1][3]


@pytest.mark.parametrize(
    ("method", "content_type", "code", "status"),
    [
        ("POST", "application/json", 503, {"message": "down"}),
        ("DELETE", "application/json", 409, {"message": "Precondition failed: UID", "reason": "Conflict"}),
        ("PATCH", "application/merge-patch+json", 409, {"message": "modified", "reason": "Conflict"}),
        ("PATCH", APPLY, 409, {"reason": "Conflict", "details": {"causes": [{"reason": "FieldManagerConflict"}]}}),
        ("PATCH", APPLY, 500, {"message": "failed to create typed patch object (x): .a: field not declared"}),
        ("PATCH", APPLY, 422, {"message": "invalid"}),
        ("PATCH", APPLY, 403, {"message": "forbidden"}),
    ],
)
def test_what_will_not_pass_is_sent_once(script: Any, method: str, content_type: str, code: int, status: Any) -> None:
    """A refusal, and what might be done twice, are told at once."""
    server = ApiServer(Connection(script.url), sleep=no_sleep)
    script.answer({"kind": "Status", **status}, code)
    with pytest.raises(MooringError):
        server.request(method, "/", body={}, headers={"Content-Type": content_type})
    assert 1 == len(script.seen)


def test_everybody_keeps_to_a_pause(script: Any) -> None:
    """GIVEN a 429 with Retry-After WHEN another request comes meanwhile THEN it waits as well before it is sent."""
    clock = [1000.0]
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        clock[0] += seconds

    server = ApiServer(Connection(script.url), waits=Waits(tries=1), now=lambda: clock[0], sleep=sleep)
    script.answer({"kind": "Status", "message": "later"}, 429, Retry_After="3")
    with pytest.raises(ThrottledError):
        server.request("GET", "/")
    script.answer({})
    server.request("GET", "/")
    assert 1 == len(naps)
    assert 3.0 <= naps[0] <= 4.0


def test_nobody_listening_is_unreachable() -> None:
    """A refused connection is a transient error that names the server."""
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1 can't be reached"):
        ApiServer(Connection("http://127.0.0.1:1")).request("GET", "/")


def test_what_is_not_json_is_not_shown(script: Any, reply: Any) -> None:
    """A page of some proxy is not repeated in the error: it may hold a secret."""
    script.replies.append(reply(body=b"<html>hunter2</html>"))
    with pytest.raises(UnreachableError) as caught:
        ApiServer(Connection(script.url)).request("GET", "/")
    assert "hunter2" not in str(caught.value)


def test_redirects_are_not_followed(script: Any, reply: Any) -> None:
    """Credentials never travel to an address that an answer names."""
    script.replies.append(reply(302, headers=(("Location", "http://127.0.0.1:1/"),)))
    with pytest.raises(ConfigurationError, match="redirect"):
        ApiServer(Connection(script.url)).request("GET", "/")


def test_a_throttled_request_says_when_to_come_back(script: Any) -> None:
    """429 with a Retry-After that doesn't fit into the request's time becomes an error with that many seconds."""
    script.answer({"kind": "Status", "message": "slow down"}, 429, Retry_After="70")
    with pytest.raises(ThrottledError, match="slow down") as caught:
        ApiServer(Connection(script.url)).request("GET", "/")
    assert 70.0 == caught.value.retry_after


def test_warnings_of_the_api_server_are_read(script: Any, reply: Any) -> None:
    """Both texts of two Warning headers come through, quotes undone."""
    headers = (("Warning", '299 - "v1beta1 is deprecated"'), ("Warning", '299 - "unknown field \\"x\\""'))
    script.replies.append(reply(headers=headers))
    answer = ApiServer(Connection(script.url)).request("GET", "/")
    assert ("v1beta1 is deprecated", 'unknown field "x"') == answer.warnings


def test_absence_is_an_answer_to_get_and_delete(script: Any) -> None:
    """404 to GET and DELETE is a value, not an error: callers ask in order to find out."""
    server = ApiServer(Connection(script.url))
    for method in ("GET", "DELETE"):
        script.answer({"kind": "Status", "message": "not found"}, 404)
        assert (404, None) == (server.request(method, "/").status, None)


def test_closing_keeps_the_server_usable(script: Any) -> None:
    """After `close` the next request opens a connection of its own."""
    server = ApiServer(Connection(script.url))
    for _ in range(2):
        script.answer({})
        server.request("GET", "/")
        server.close()
    assert 2 == script.connections


def test_a_refused_login_is_read_anew_once(script: Any) -> None:
    """GIVEN a token that was replaced WHEN the server refuses the old one THEN the new one is tried, and stays."""
    stored = ["new"]

    def renew() -> Connection:
        return Connection(script.url, BearerToken(stored.pop()))

    server = ApiServer(Connection(script.url, BearerToken("old")), renew=renew)
    script.answer({}, 401)
    script.answer({"ok": 1})
    script.answer({"ok": 2})
    assert [{"ok": 1}, {"ok": 2}] == [server.request("POST", "/").body, server.request("GET", "/").body]
    assert ["Bearer old", "Bearer new", "Bearer new"] == [seen[2]["authorization"] for seen in script.seen]


@pytest.mark.parametrize(("stored", "expected"), [("old", 1), ("wrong", 2)])
def test_a_login_that_is_wrong_as_registered_is_refused(script: Any, stored: str, expected: int) -> None:
    """GIVEN nothing better registered WHEN the login is refused THEN that is the answer, and nobody asks each time."""
    asked: list[str] = []

    def renew() -> Connection:
        asked.append(stored)
        return Connection(script.url, BearerToken(stored))

    server = ApiServer(Connection(script.url, BearerToken("old")), renew=renew)
    for _ in range(5):
        script.answer({}, 401)
    for _ in range(2):
        with pytest.raises(ForbiddenError, match="does not accept these credentials"):
            server.request("GET", "/")
    assert (expected + 1, 1) == (len(script.seen), len(asked))
