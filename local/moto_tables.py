"""DynamoDB by moto, made safe for several writers and quick enough to run a system on.

moto prepares for the end of a transaction that fails by copying the whole table, once for every item of the
transaction, and then puts that copy in the place of whatever was written meanwhile. It also looks at a condition and
writes behind it without a lock. A query looks at every item of the table. Here a transaction checks all its conditions
first and writes only then, and one lock is around every write, so that conditional writes mean what they mean in
DynamoDB ("Amazon DynamoDB Transactions: How it works"). A query sees the one partition that it names, of the table or
of an index.
"""

from __future__ import annotations

import copy
import inspect
import threading
from collections.abc import Callable, Sequence
from typing import Any

from local.moto_answers import pages_of_index, projected, write_answers_quickly

__all__ = ["correct_tables"]

_MOST = 100


def correct_tables() -> None:
    """Replace what moto's tables get wrong; call it before serving."""
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.table import Table

    lock = threading.RLock()

    def locked(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any, *arguments: Any, **named: Any) -> Any:
            with lock:
                return method(self, *arguments, **named)

        return call

    for name in ("put_item", "update_item", "delete_item"):
        setattr(DynamoDBBackend, name, locked(getattr(DynamoDBBackend, name)))
    DynamoDBBackend.transact_write_items = locked(_transact)  # type: ignore[method-assign]
    whole = Table.query
    signature = inspect.signature(whole)

    def query(self: Any, hash_key: Any, *arguments: Any, **named: Any) -> Any:
        asked = signature.bind(self, hash_key, *arguments, **named).arguments
        view = copy.copy(self)
        with lock:
            if asked.get("index_name"):
                if (answer := pages_of_index(self, asked["index_name"], asked)) is not None:
                    return answer
                kept = _projected(self, asked["index_name"])
                view.items = _with(self.items, asked.get("hash_key_conditions") or (), kept)
            else:
                view.items = {hash_key: dict(self.items[hash_key])} if hash_key in self.items else {}
        return whole(view, hash_key, *arguments, **named)

    Table.query = query  # type: ignore[method-assign]
    write_answers_quickly()


def _projected(table: Any, index: str) -> set[str] | None:
    """The attributes that an index of a table holds; None for all."""
    found = next((each for each in table.all_indexes() if each.name == index), None)
    return None if found is None else projected(table, found)


def _with(
    items: dict[Any, dict[Any, Any]], conditions: Sequence[tuple[str, Any]], kept: set[str] | None
) -> dict[Any, dict[Any, Any]]:
    """The items that have these values, with what is `kept` of them: as an index holds them."""
    found: dict[Any, dict[Any, Any]] = {}
    for hash_key, partition in items.items():
        for range_key, item in partition.items():
            if all(name in item.attrs and item.attrs[name] == value for name, value in conditions):
                held = copy.copy(item)
                held.attrs = {name: each for name, each in item.attrs.items() if kept is None or name in kept}
                found.setdefault(hash_key, {})[range_key] = held
    return found


def _transact(backend: Any, items: list[dict[str, Any]]) -> None:
    """`DynamoDBBackend.transact_write_items`: all conditions, then all writes, or nothing."""
    from moto.dynamodb import exceptions

    if len(items) > _MOST:
        raise exceptions.TooManyTransactionsException
    operations = [next(iter(item.items())) for item in items]
    keys = [_key(backend, verb, request) for verb, request in operations]
    if len(
        {(request["TableName"], str(sorted(key.items()))) for (_, request), key in zip(operations, keys, strict=True)}
    ) < len(keys):
        raise exceptions.MultipleTransactionsException
    errors: list[Any] = [
        (None, None, None)
        if _holds(backend, request, key)
        else ("ConditionalCheckFailed", "The conditional request failed", None)
        for (_, request), key in zip(operations, keys, strict=True)
    ]
    if any(code for code, _, _ in errors):
        raise exceptions.TransactionCanceledException(errors)
    before: list[tuple[str, dict[str, Any], Any]] = []
    for index, ((verb, request), key) in enumerate(zip(operations, keys, strict=True)):
        if verb == "ConditionCheck":
            continue
        before.append((request["TableName"], key, copy.deepcopy(backend.get_item(request["TableName"], key))))
        try:
            _write(backend, verb, request)
        except Exception as error:
            _restore(backend, before)
            errors[index] = (type(error).__name__, str(error), None)
            raise exceptions.TransactionCanceledException(errors) from error


def _key(backend: Any, verb: str, request: dict[str, Any]) -> dict[str, Any]:
    if verb != "Put":
        return dict(request["Key"])
    table = backend.get_table(request["TableName"])
    names = [name for name in (table.hash_key_attr, table.range_key_attr) if name]
    return {name: request["Item"][name] for name in names}


def _holds(backend: Any, request: dict[str, Any], key: dict[str, Any]) -> bool:
    from moto.dynamodb.comparisons import get_filter_expression
    from moto.dynamodb.models.dynamo_type import DynamoType, Item

    condition = request.get("ConditionExpression")
    if not condition:
        return True
    expression = get_filter_expression(
        condition, request.get("ExpressionAttributeNames"), request.get("ExpressionAttributeValues")
    )
    current = backend.get_item(request["TableName"], key)
    return bool(expression.expr(Item(DynamoType({"NULL": True}), None, {}) if current is None else current))


def _write(backend: Any, verb: str, request: dict[str, Any]) -> None:
    name = request["TableName"]
    if verb == "Put":
        backend.put_item(name, request["Item"])
    elif verb == "Delete":
        backend.delete_item(name, request["Key"])
    else:
        backend.update_item(
            name,
            request["Key"],
            update_expression=request["UpdateExpression"],
            expression_attribute_names=request.get("ExpressionAttributeNames"),
            expression_attribute_values=request.get("ExpressionAttributeValues"),
        )


def _restore(backend: Any, before: list[tuple[str, dict[str, Any], Any]]) -> None:
    for name, key, item in reversed(before):
        if item is None:
            backend.delete_item(name, key)
        else:
            backend.put_item(name, item.to_json()["Attributes"])
