"""The one DynamoDB table, through the few requests that Mooring makes of it.

Items are flat: strings, whole numbers, booleans and bytes; anything nested is JSON in one attribute. Every write that
could race carries a condition, and a condition that fails is a `ConflictError`, never a retry in place: the caller
reads again and decides again. Limits (100 items a transaction or batch read, 25 a batch write, 400 KB an item) are from
AWS, "Quotas in Amazon DynamoDB".
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from mooring.errors import ConflictError, MooringError, PermanentError, ThrottledError, UnreachableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["Item", "Key", "Operation", "Table", "add", "check", "delete", "put", "update"]

Item: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[str, str]
Operation: TypeAlias = dict[str, Any]

_TRANSACTION = 100
_BATCH_READ = 100
_BATCH_WRITE = 25
_THROTTLED = {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"}


def _encode(value: object) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value)}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
    raise TypeError(f"{type(value).__name__} can't be an attribute")


def _decode(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    if kind == "N":
        return float(content) if "." in content or "e" in content.lower() else int(content)
    return content


def _item(item: Item) -> dict[str, Any]:
    return {name: _encode(value) for name, value in item.items()}


def _plain(item: Mapping[str, Any]) -> Item:
    return {name: _decode(value) for name, value in item.items()}


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _condition(condition: str, values: Mapping[str, object]) -> dict[str, Any]:
    if not condition:
        return {}
    encoded = {f":{name}": _encode(value) for name, value in values.items()}
    return {"ConditionExpression": condition} | ({"ExpressionAttributeValues": encoded} if encoded else {})


def put(item: Item, condition: str = "", **values: object) -> Operation:
    """Writes a whole item, under a condition where one is given (`:name` stands for the keyword `name`)."""
    return {"Put": {"Item": _item(item), **_condition(condition, values)}}


def delete(key: Key, condition: str = "", **values: object) -> Operation:
    """Removes an item, under a condition where one is given."""
    return {"Delete": {"Key": _key(key), **_condition(condition, values)}}


def check(key: Key, condition: str, **values: object) -> Operation:
    """Writes nothing, but lets the transaction fail where the condition does not hold."""
    return {"ConditionCheck": {"Key": _key(key), **_condition(condition, values)}}


def update(key: Key, attributes: Item, condition: str = "", **values: object) -> Operation:
    """Sets some attributes of an item and leaves the rest, under a condition where one is given."""
    names = {f"#s{index}": name for index, name in enumerate(attributes)}
    sets = ", ".join(f"{alias} = :s{index}" for index, alias in enumerate(names))
    encoded = {f":s{index}": _encode(value) for index, value in enumerate(attributes.values())}
    encoded |= {f":{name}": _encode(value) for name, value in values.items()}
    operation: dict[str, Any] = {
        "Key": _key(key),
        "UpdateExpression": f"SET {sets}",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": encoded,
    }
    if condition:
        operation["ConditionExpression"] = condition
    return {"Update": operation}


def add(key: Key, numbers: Mapping[str, int | float], attributes: Item) -> Operation:
    """Adds to numbers of an item, each from 0 where there is none yet, and sets other attributes."""
    operation = update(key, attributes)
    request = operation["Update"]
    aliases = {f"#a{index}": name for index, name in enumerate(numbers)}
    request["UpdateExpression"] += " ADD " + ", ".join(f"{alias} :a{alias[2:]}" for alias in aliases)
    request["ExpressionAttributeNames"] |= aliases
    values = (_encode(value) for value in numbers.values())
    request["ExpressionAttributeValues"] |= {f":a{index}": value for index, value in enumerate(values)}
    return operation


class Table:
    """The table behind a boto3 client. Attribute names used in conditions must not be reserved words of DynamoDB."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self.name = name

    def get(self, key: Key) -> Item | None:
        """One item, read consistently."""
        with _translated():
            answer = self._client.get_item(TableName=self.name, Key=_key(key), ConsistentRead=True)
        found = answer.get("Item")
        return None if found is None else _plain(found)

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Any number of items, read consistently, a hundred a request; absent ones are left out."""
        pending = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        attempt = 0
        while pending:
            chunk, pending = pending[:_BATCH_READ], pending[_BATCH_READ:]
            request: Any = {self.name: {"Keys": [_key(key) for key in chunk], "ConsistentRead": True}}
            with _translated():
                answer = self._client.batch_get_item(RequestItems=request)
            for raw in answer.get("Responses", {}).get(self.name, ()):
                item = _plain(raw)
                found[item["pk"], item["sk"]] = item
            unprocessed = answer.get("UnprocessedKeys", {})
            left = unprocessed[self.name]["Keys"] if self.name in unprocessed else []
            if left:
                attempt += 1
                _pause(attempt)
                pending = [(str(_decode(raw["pk"])), str(_decode(raw["sk"]))) for raw in left] + pending
        return found

    def query(
        self,
        pk: str,
        prefix: str = "",
        *,
        between: tuple[str, str] | None = None,
        newest_first: bool = False,
        limit: int = 0,
        fields: Sequence[str] = (),
    ) -> Iterator[Item]:
        """The items of a partition whose sort key starts with `prefix` or is `between` two, in order; paged.

        Between two of which the first is the later there is nothing, and nobody is asked (DynamoDB refuses to be).
        """
        if between is not None and between[0] > between[1]:
            return
        condition, values = "pk = :pk", {":pk": {"S": pk}}
        if between is not None:
            condition += " AND sk BETWEEN :low AND :high"
            values |= {":low": {"S": between[0]}, ":high": {"S": between[1]}}
        elif prefix:
            condition += " AND begins_with(sk, :prefix)"
            values |= {":prefix": {"S": prefix}}
        request: dict[str, Any] = {
            "TableName": self.name,
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }
        if fields:
            request["ProjectionExpression"] = ", ".join(f"#f{index}" for index in range(len(fields)))
            request["ExpressionAttributeNames"] = {f"#f{index}": name for index, name in enumerate(fields)}
        left = limit
        while True:
            if limit:
                request["Limit"] = left
            with _translated():
                answer = self._client.query(**request)
            for raw in answer["Items"]:
                yield _plain(raw)
            left -= len(answer["Items"])
            last = answer.get("LastEvaluatedKey")
            if not last or (limit and left <= 0):
                return
            request["ExclusiveStartKey"] = last

    def of_index(self, index: str, key: Key, attribute: str) -> Iterator[Any]:
        """One attribute of each item that an index has under `key` (the name of its partition key, and its value).

        An index is brought up to date behind the table, and can't be read consistently.
        """
        request: dict[str, Any] = {
            "TableName": self.name,
            "IndexName": index,
            "KeyConditionExpression": "#k = :k",
            "ProjectionExpression": "#a",
            "ExpressionAttributeNames": {"#k": key[0], "#a": attribute},
            "ExpressionAttributeValues": {":k": {"S": key[1]}},
        }
        while True:
            with _translated():
                answer = self._client.query(**request)
            for raw in answer["Items"]:
                yield _decode(raw[attribute])
            if not (last := answer.get("LastEvaluatedKey")):
                return
            request["ExclusiveStartKey"] = last

    def write(self, *operations: Operation) -> None:
        """Carries out operations (see `put`, `update`, `delete`, `check`), all or none, at most 100.

        Raises `ConflictError` where a condition does not hold or another writer is at work on the same items.
        """
        with _translated():
            if len(operations) > 1 or "ConditionCheck" in operations[0]:
                self._client.transact_write_items(
                    TransactItems=[self._named(operation) for operation in operations]  # type: ignore[misc]
                )
                return
            ((verb, request),) = operations[0].items()
            calls: dict[str, Callable[..., object]] = {
                "Put": self._client.put_item,
                "Update": self._client.update_item,
                "Delete": self._client.delete_item,
            }
            calls[verb](TableName=self.name, **request)

    def write_groups(self, groups: Sequence[Sequence[Operation]], guard: Operation) -> Iterator[tuple[int, bool]]:
        """Carries out groups of operations, each all or none, as many together as a transaction takes.

        Each transaction holds `guard` too (see `check`). Yields the index of each group as it is done, and whether it
        was: not where one of its own conditions did not hold. Raises `ConflictError` where the guard's does not.
        """
        start = 0
        while start < len(groups):
            end, size = start + 1, 1 + len(groups[start])
            while end < len(groups) and size + len(groups[end]) <= _TRANSACTION:
                size += len(groups[end])
                end += 1
            yield from self._write_together(groups, start, end, guard)
            start = end

    def _write_together(
        self, groups: Sequence[Sequence[Operation]], start: int, end: int, guard: Operation
    ) -> Iterator[tuple[int, bool]]:
        try:
            self.write(guard, *(operation for group in groups[start:end] for operation in group))
        except ConflictError:
            self.write(guard)
            if end - start == 1:
                yield start, False
                return
            for index in range(start, end):
                yield from self._write_together(groups, index, index + 1, guard)
            return
        yield from ((index, True) for index in range(start, end))

    def _named(self, operation: Operation) -> Operation:
        ((verb, request),) = operation.items()
        return {verb: {"TableName": self.name, **request}}

    def delete_all(self, keys: Iterable[Key]) -> None:
        """Removes any number of items without conditions."""
        self._write_all([{"DeleteRequest": {"Key": _key(key)}} for key in keys])

    def put_all(self, items: Iterable[Item]) -> None:
        """Writes any number of items, no two with one key, without conditions; they replace what is there."""
        self._write_all([{"PutRequest": {"Item": _item(item)}} for item in items])

    def _write_all(self, pending: list[Any]) -> None:
        attempt = 0
        while pending:
            chunk, pending = pending[:_BATCH_WRITE], pending[_BATCH_WRITE:]
            with _translated():
                answer = self._client.batch_write_item(RequestItems={self.name: chunk})
            left = answer.get("UnprocessedItems", {}).get(self.name, [])
            if left:
                attempt += 1
                _pause(attempt)
                pending = list(left) + pending


def _pause(attempt: int) -> None:
    if attempt > 8:
        raise ThrottledError("DynamoDB does not keep up; the table's limits may be too low")
    time.sleep(random.uniform(0, min(0.05 * 2**attempt, 2.0)))  # noqa: S311 (jitter, not a secret)


@contextmanager
def _translated() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _meaning(error) from error
    except BotoCoreError as error:
        raise UnreachableError(f"DynamoDB can't be reached: {error}") from error


def _meaning(error: Any) -> MooringError:
    code = error.response.get("Error", {}).get("Code", "")
    if code == "ConditionalCheckFailedException":
        return ConflictError("the state has moved on since it was read")
    if code in ("TransactionCanceledException", "TransactionConflictException"):
        reasons = [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", ())]
        if any(reason in ("ValidationError", "ItemCollectionSizeLimitExceeded") for reason in reasons):
            return PermanentError(f"DynamoDB refuses a write: {', '.join(reasons)}")
        return ConflictError("the state has moved on since it was read")
    if code in _THROTTLED:
        return ThrottledError("DynamoDB asks us to slow down")
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
        return UnreachableError(f"DynamoDB has a fault of its own ({code})")
    return PermanentError(f"DynamoDB refuses a request: {code}")
