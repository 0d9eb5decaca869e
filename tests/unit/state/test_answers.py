"""What a query found is read at once, and is what botocore would have made of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import JSONParser
from botocore.session import get_session
from moto import mock_aws

from mooring.state.answers import read_items_at_once
from tests.doubles.tables import create_table

PLAIN = {
    "text": {"S": "é\n"}, "number": {"N": "-1.50"}, "bytes": {"B": b"\x00\xff"}, "yes": {"BOOL": True},
    "nothing": {"NULL": True},
}  # fmt: skip
NESTED = {"list": {"L": [{"M": {"bytes": {"B": b"\x00"}}}]}}
ASKED: dict[str, Any] = {
    "TableName": "mooring", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}},
}  # fmt: skip


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """A client that reads at once and one that does not."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        quick, careful = get_session(), get_session()
        read_items_at_once(quick)
        made = [each.create_client("dynamodb", "eu-central-1") for each in (quick, careful)]
        create_table(made[1], "mooring")
        yield made[0], made[1]


def put(client: Any, sk: str, values: dict[str, Any]) -> None:
    client.put_item(TableName="mooring", Item={"pk": {"S": "p"}, "sk": {"S": sk}, **values})


@pytest.mark.parametrize("values", [PLAIN, NESTED, {}])
def test_items_are_those_that_botocore_reads(clients: tuple[Any, Any], values: dict[str, Any]) -> None:
    """GIVEN items of every kind WHEN queried, a page at a time THEN items, counts and the next page are botocore's."""
    quick, careful = clients
    for number in range(3):
        put(careful, f"{number}", values)
    found = [each.query(**ASKED, Limit=2, ReturnConsumedCapacity="TOTAL") for each in clients]
    for each in found:
        del each["ResponseMetadata"]
    assert found[1] == found[0]
    assert ({"S": "0"}, values) == (
        found[0]["Items"][0].pop("sk"), {name: found[0]["Items"][0][name] for name in values},
    )  # fmt: skip
    assert 1 == quick.query(**ASKED, ExclusiveStartKey=found[0]["LastEvaluatedKey"])["Count"]


def test_nothing_found_and_refusals_are_as_ever(clients: tuple[Any, Any]) -> None:
    """GIVEN an empty partition and a table that is not there WHEN queried THEN nothing comes, and botocore's error."""
    quick, _ = clients
    assert [] == quick.query(**ASKED)["Items"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        quick.query(**{**ASKED, "TableName": "none"})


def test_botocore_is_left_without_the_items(clients: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a client that reads at once WHEN it queries THEN what botocore goes through holds no items."""
    quick, careful = clients
    put(careful, "0", PLAIN)
    seen: list[bytes] = []
    whole = JSONParser.parse

    def parse(self: Any, response: Any, shape: Any) -> Any:
        seen.append(response["body"])
        return whole(self, response, shape)

    monkeypatch.setattr(JSONParser, "parse", parse)
    quick.query(**ASKED)
    careful.query(**ASKED)
    assert [False, True] == [b"Items" in each for each in seen]
