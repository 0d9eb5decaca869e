"""What API Gateway says of a message to a connection, as the rest hears it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from mooring.errors import UnreachableError
from mooring.sockets import SocketLine, management_url


class Gateway:
    """The management API, which answers each call with one error, or takes it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.calls = error, list[dict[str, Any]]()

    def _call(self, **asked: Any) -> None:
        self.calls.append(asked)
        if self.error is not None:
            raise self.error

    post_to_connection = delete_connection = _call


def _refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "a secret"}}, "PostToConnection")


def test_a_message_is_taken() -> None:
    """As bytes, to the connection that is named."""
    gateway = Gateway()
    assert SocketLine(gateway).post("a=", b"{}")
    assert [{"ConnectionId": "a=", "Data": b"{}"}] == gateway.calls


@pytest.mark.parametrize("code", ["GoneException", "410", "BadRequestException"])
def test_a_connection_that_is_gone_is_no_fault(code: str) -> None:
    """Whether it ended or never was."""
    line = SocketLine(Gateway(_refusal(code)))
    assert not line.post("a=", b"{}")
    line.end("a=")


@pytest.mark.parametrize(
    "error", [_refusal("LimitExceededException"), _refusal("ForbiddenException"), ReadTimeoutError(endpoint_url="x")]
)
def test_every_other_answer_is_tried_again(error: Exception) -> None:
    """And its words are left out, but for the code."""
    line = SocketLine(Gateway(error))
    for act in (lambda: line.post("a=", b"{}"), lambda: line.end("a=")):
        with pytest.raises(UnreachableError) as told:
            act()
        assert "secret" not in str(told.value)


def test_where_connections_are_managed() -> None:
    """At the address that pages connect to, by HTTPS."""
    assert "https://a.test/live" == management_url("wss://a.test/live")
