"""The emulated table's index holds what a real one would: the items that have its keys, and what it projects of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import boto3
from moto import mock_aws
from local.moto_tables import correct_tables
from tests.doubles.tables import create_table

correct_tables()
with mock_aws():
    client = boto3.client("dynamodb", region_name="eu-central-1")
    table = create_table(client, "mooring")
    shown = {"summary_in": "summary#1", "summary": "[]", "body": b"x" * 1000}
    table.put_all([{"pk": f"APP#{n:03}", "sk": "SPEC", **shown} for n in range(40)])
    table.put_all([{"pk": "APP#000", "sk": "LEASE"}, {"pk": "APP#1", "sk": "SPEC", **shown, "summary_in": "summary#2"}])
    answer = client.query(
        TableName="mooring", IndexName="Summaries", KeyConditionExpression="summary_in = :k",
        ExpressionAttributeValues={":k": {"S": "summary#1"}},
    )
    print(answer["Count"], *sorted(answer["Items"][0]))
    print(len(list(table.of_index("Summaries", ("summary_in", "summary#2"), "summary"))), len(list(table.query("APP#000"))))
"""


def test_an_index_holds_its_partition_and_its_projection() -> None:
    """GIVEN items with and without an index's keys WHEN the index is asked THEN one partition comes, without bodies."""
    assert ["40 pk sk summary summary_in", "1 2"] == _run(_PROGRAM)


_PAGES = """
import json
import boto3
from moto import mock_aws
from local.moto_tables import correct_tables
from tests.doubles.tables import create_table

correct_tables()
with mock_aws():
    client = boto3.client("dynamodb", region_name="eu-central-1")
    table = create_table(client, "mooring")
    shown = {"summary_in": "summary#1", "summary": "x" * 30_000}
    table.put_all([{"pk": f"APP#{n % 40:03}", "sk": f"S{n}", **shown} for n in range(80)])

    def pages(**more):
        request = {"TableName": "mooring", "IndexName": "Summaries", "KeyConditionExpression": "summary_in = :k",
                   "ExpressionAttributeValues": {":k": {"S": "summary#1"}}, **more}
        found = client.get_paginator("query").paginate(**request)
        return [[(item["pk"]["S"], item["sk"]["S"]) for item in page["Items"]] for page in found]

    # a filter that leaves nothing out has moto read the index in its own way
    for more in ({}, {"Limit": 7}):
        quickly, carefully = pages(**more), pages(**more, FilterExpression="attribute_exists(pk)")
        flat = [item for page in quickly for item in page]
        print(len(quickly), flat == sorted(flat), flat == [item for page in carefully for item in page], len(set(flat)))
    page = client.query(TableName="mooring", IndexName="Summaries", KeyConditionExpression="summary_in = :k",
        ExpressionAttributeValues={":k": {"S": "summary#1"}}, ProjectionExpression="summary", Limit=1)
    print(*page["Items"][0], *page["LastEvaluatedKey"])
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    values = {"bytes": {"B": b"\\x00x"}, "list": {"L": [{"N": "1.5"}, {"NULL": True}, {"M": {"m": {"BOOL": False}}}]},
              "numbers": {"NS": ["1", "2"]}, "many": {"BS": [b"1", b"2"]}, "empty": {"S": ""}}
    client.put_item(TableName="mooring", Item=key | values)
    print(key | values == client.get_item(TableName="mooring", Key=key)["Item"])
    got = client.batch_get_item(RequestItems={"mooring": {"Keys": [key]}})
    print([key | values] == got["Responses"]["mooring"], got["UnprocessedKeys"])
    print("Item" in client.get_item(TableName="mooring", Key=key | {"sk": {"S": "c"}}))
"""


def test_quick_answers_are_the_slow_ones() -> None:
    """GIVEN an index of more than a page WHEN it is read quickly THEN pages and order are moto's, and values unharmed."""
    expected = ["3 True True 80", "12 True True 80", "summary summary_in pk sk", "True", "True {}", "False"]
    assert expected == _run(_PAGES)


def _run(program: str) -> list[str]:
    """What a program prints, line by line; in a process of its own, since moto is changed for good."""
    root = Path(__file__).parents[3]
    environment = {
        "PYTHONPATH": f"{root}:{root / 'shared'}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment)
    assert 0 == done.returncode, done.stderr
    return done.stdout.splitlines()
