"""What moto's tables answer, put together as quickly as a page needs it.

moto looks up each attribute of each item by reflection when it writes an answer, and copies and sorts whole tables to
read an index: a list of 2,000 applications took eight seconds, of which Mooring's were an eighth of one. Answers of
reads are written down as they are here; they are in DynamoDB's own form by then. An index that is asked for all that
one key has is read in one pass; whoever asks for more (ranges, filters, the other direction) gets moto's own way.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import orjson

__all__ = ["pages_of_index", "projected", "write_answers_quickly"]

_PAGE = 1_000_000  # bytes of items in an answer (Amazon DynamoDB, "Paginating table query results")
_READS = frozenset({"BatchGetItem", "GetItem", "Query", "Scan", "TransactGetItems"})


def write_answers_quickly() -> None:
    """Replace how moto writes answers of reads; call it before serving."""
    from moto.dynamodb.responses import DynamoResult

    carefully = DynamoResult.execute_result

    def execute_result(self: Any, context: Any) -> Any:
        if context.operation_model.name not in _READS or not isinstance(self.result, dict):
            return carefully(self, context)
        answer = {name: value for name, value in self.result.items() if value is not None}
        body = orjson.dumps(answer, default=_plain)
        return 200, {"Content-Type": "application/x-amz-json-1.0"}, body

    DynamoResult.execute_result = execute_result  # type: ignore[method-assign]


def pages_of_index(
    table: Any, index_name: str, asked: dict[str, Any]
) -> tuple[list[Any], int, dict[str, Any] | None] | None:
    """What moto's `Table.query` answers for an index; None where it is asked for more than all of one key."""
    from moto.dynamodb.comparisons import OpDefault
    from moto.dynamodb.models.dynamo_type import Item

    index = next((each for each in table.all_indexes() if each.name == index_name), None)
    conditions = asked.get("hash_key_conditions") or []
    if (
        index is None
        or len(conditions) != 1
        or any(asked.get(name) for name in ("range_comparison", "range_key_conditions", "filter_kwargs"))
        or not isinstance(asked.get("filter_expression"), OpDefault | None)
        or asked.get("consistent_read")
        or asked.get("scan_index_forward") is False
        or any(len(path) != 1 for path in asked.get("projection_expressions") or ())
    ):
        return None
    ((name, key),) = conditions
    keys = [each["AttributeName"] for each in index.schema]
    order = list(dict.fromkeys([*keys, table.hash_key_attr, *filter(None, [table.range_key_attr])]))
    found = sorted(_held(table, name, key, keys, order), key=lambda each: each[0])
    if asked.get("exclusive_start_key"):
        start = asked["exclusive_start_key"]
        after = tuple(next(iter(start[each].values())) for each in order)
        found = [each for each in found if each[0] > after]
    kept = projected(table, index)
    wanted = {path[0] for path in asked.get("projection_expressions") or ()}
    results: list[Any] = []
    size, limit = 0, asked.get("limit")
    for _, item in found:
        attributes = {each: value for each, value in item.attrs.items() if kept is None or each in kept}
        size += sum(len(each) + _size(value) for each, value in attributes.items())
        if len(results) == limit or (results and size > _PAGE):
            last = {each: results[-1][1][each] for each in order}
            return [each for each, _ in results], len(results), last
        view = Item.__new__(Item)
        view.__dict__ = item.__dict__ | {
            "attrs": {each: value for each, value in attributes.items() if not wanted or each in wanted}
        }
        results.append((view, attributes))
    return [each for each, _ in results], len(results), None


def projected(table: Any, index: Any) -> set[str] | None:
    """The attributes that an index of a table holds; None for all."""
    if index.projection.get("ProjectionType") == "ALL":
        return None
    keys = {table.hash_key_attr, table.range_key_attr, *(each["AttributeName"] for each in index.schema)}
    return keys | set(index.projection.get("NonKeyAttributes") or ())


def _held(
    table: Any, name: str, key: Any, keys: Iterable[str], order: list[str]
) -> Iterable[tuple[tuple[Any, ...], Any]]:
    """The items that have this value and all keys of the index, each with what it is sorted by."""
    wanted, needed = key.value, set(keys)
    for partition in table.items.values():
        for item in partition.values() if table.range_key_attr else (partition,):
            attributes = item.attrs
            value = attributes.get(name)
            if value is not None and value.value == wanted and attributes.keys() >= needed:
                yield tuple([_place(attributes[each]) for each in order]), item


def _place(value: Any) -> Any:
    """What an attribute is sorted by; asking moto first what it is takes longer than the whole search."""
    return value.value if value.type == "S" else value.cast_value


def _size(value: Any) -> int:
    """Bytes of an attribute's value."""
    if value.type == "S" and value.value.isascii():
        return len(value.value)
    return int(value.size())


def _plain(value: object) -> Any:
    """What JSON has no form for: binary values, and moto's own."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, set | frozenset):
        return sorted(value)
    to_json = getattr(value, "to_json", None)
    if to_json is None:
        raise TypeError(f"{type(value).__name__} is no value of DynamoDB")
    return to_json()
