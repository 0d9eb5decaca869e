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
    root = Path(__file__).parents[3]
    environment = {
        "PYTHONPATH": f"{root}:{root / 'shared'}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False, env=environment
    )
    assert ["40 pk sk summary summary_in", "1 2"] == done.stdout.splitlines(), done.stderr
