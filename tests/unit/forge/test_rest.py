"""How any API of a code host is asked: with patience, without doing anything twice, and without telling secrets."""

from __future__ import annotations

import pytest

from mooring.errors import (
    ConfigurationError,
    ForbiddenError,
    MooringError,
    RejectedError,
    ThrottledError,
    UnreachableError,
)
from mooring.forge.rest import Rest, understood
from tests.doubles.forgeserver import ForgeDouble


def rest(
    forge: ForgeDouble, waited: list[float] | None = None, *, patience: float = 0.0, token: str = "s3cret"
) -> Rest:
    pauses: list[float] = [] if waited is None else waited
    return Rest(
        forge.url, {"Authorization": f"Bearer {token}"}, where="repository", guard=lambda _: None, timeout=5.0,
        patience=patience, sleep=pauses.append,
    )  # fmt: skip


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_busy_host_is_asked_again_as_long_as_patience_lasts(forge: ForgeDouble, status: int) -> None:
    """GIVEN a host that asks for three seconds twice, ten seconds of patience get the answer."""
    forge.things["GET", "/thing"] = {"name": "shop"}
    forge.faults = [(status, {"Retry-After": "3"}), (status, {"Retry-After": "3"})]
    waited: list[float] = []
    answer = rest(forge, waited, patience=10.0).get("/thing")
    assert answer is not None
    assert {"name": "shop"} == answer.body
    assert [3.0, 3.0] == waited


def test_patience_ends(forge: ForgeDouble) -> None:
    """GIVEN a host that asks for more than there is patience, the error says when to come back."""
    forge.faults = [(429, {"Retry-After": "3"}), (429, {"Retry-After": "60"})]
    waited: list[float] = []
    with pytest.raises(ThrottledError) as caught:
        rest(forge, waited, patience=10.0).get("/thing")
    assert (60.0, [3.0]) == (caught.value.retry_after, waited)


def test_a_limit_that_names_its_end_is_told(forge: ForgeDouble) -> None:
    """GIVEN GitHub's limit without Retry-After, the moment of its reset counts."""
    forge.faults = [(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"})]
    with pytest.raises(ThrottledError) as caught:
        rest(forge).get("/thing")
    assert caught.value.retry_after == 0.0


def test_a_change_that_was_asked_for_patience_is_sent_again(forge: ForgeDouble) -> None:
    """GIVEN a host that took nothing in, what was sent is sent again."""
    forge.things["POST", "/things"] = {"id": 1}
    forge.faults = [(429, {"Retry-After": "1"})]
    assert rest(forge, patience=5.0).send("POST", "/things", {"a": 1}).body == {"id": 1}
    assert [{"a": 1}, {"a": 1}] == [each.body for each in forge.asked]


def test_a_change_without_an_answer_is_not_sent_again() -> None:
    """GIVEN no server, a question is asked again, a change is not: it may have been made."""
    waited: list[float] = []
    nobody = Rest("http://127.0.0.1:1", {}, where="r", guard=lambda _: None, patience=2.0, sleep=waited.append)
    with pytest.raises(UnreachableError):
        nobody.send("POST", "/things", {})
    assert waited == []
    with pytest.raises(UnreachableError):
        nobody.get("/things")
    assert [1.0, 1.0] == waited


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RejectedError),
        (401, ForbiddenError),
        (403, ForbiddenError),
        (404, ConfigurationError),
        (409, RejectedError),
        (422, RejectedError),
        (429, ThrottledError),
        (500, UnreachableError),
        (202, ThrottledError),
        (302, ForbiddenError),
    ],
)
def test_each_refusal_is_an_error_of_its_kind(forge: ForgeDouble, status: int, kind: type[MooringError]) -> None:
    """GIVEN a refusal, its kind says whether to try again, and nothing of the answer is passed on."""
    forge.faults = [(status, {})]
    with pytest.raises(kind) as caught:
        rest(forge).send("POST", "/things", {"token": "s3cret"})
    assert "s3cret" not in str(caught.value)
    assert caught.value.field == "repository"


def test_a_wrong_token_is_told(forge: ForgeDouble) -> None:
    """GIVEN another token than the host takes, the error says to check it."""
    forge.things["GET", "/thing"] = {}
    with pytest.raises(ForbiddenError, match="check it and its scopes"):
        rest(forge, token="wrong").get("/thing")
    assert {"mooring"} == forge.agents


def test_an_answer_that_lacks_something_is_an_error() -> None:
    """GIVEN an answer of another API, it is an error of the address."""
    with pytest.raises(ConfigurationError, match="not what gitea answers"), understood("gitea", "repository"):
        {}["number"]
