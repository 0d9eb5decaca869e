"""Tables of moto's with the keys that `template.yaml` gives the installation's."""

from __future__ import annotations

from typing import Any

from mooring.state.table import Table

__all__ = ["create_table"]


def create_table(dynamodb: Any, name: str) -> Table:
    """A new table, empty."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "sk", "summary_in")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "Summaries",
                "KeySchema": [
                    {"AttributeName": "summary_in", "KeyType": "HASH"},
                    {"AttributeName": "pk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["summary"]},
            }
        ],
    )
    return Table(dynamodb, name)
