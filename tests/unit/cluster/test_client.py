"""HTTP to an API server: what is sent, what is retried, what each answer becomes."""

from __future__ import annotations

from typing import Any

import pytest

from mooring import __version__
from mooring.cluster.auth import BasicLogin, BearerToken, Connection
from mooring.cluster.client import ApiServer
from mooring.errors import ConfigurationError, ThrottledError, UnreachableError


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


def test_two_dead_connections_in_a_row_are_an_error(script: Any, hang_up: Any) -> None:
    """One more try is all there is: after that the server counts as unreachable."""
    server = ApiServer(Connection(script.url))
    script.replies += [hang_up, hang_up]
    with pytest.raises(UnreachableError, match="can't be reached"):
        server.request("GET", "/")
    assert 2 == len(script.seen)


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
    """Waiting is bounded, and no answer in time is a transient error."""
    script.replies.append(stay_silent)
    with pytest.raises(UnreachableError, match="in time"):
        ApiServer(Connection(script.url), timeout=0.2).request("GET", "/", subject="v1/x")


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
    """429 with Retry-After becomes an error with that many seconds."""
    script.answer({"kind": "Status", "message": "slow down"}, 429, Retry_After="7")
    with pytest.raises(ThrottledError, match="slow down") as caught:
        ApiServer(Connection(script.url)).request("GET", "/")
    assert 7.0 == caught.value.retry_after


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
