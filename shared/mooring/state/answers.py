"""Long answers of DynamoDB, read in one go.

botocore walks through every attribute of an answer by the model of the service. For a list of 2,000 applications that
is a third of the processor time that the whole request takes, and a function of 512 MB has a third of a processor. What
a query found needs no model: it is JSON already, in the form in which `state.table` takes it. So the items are read at
once and botocore is left with the rest of the answer: counts, the next page, what was consumed, errors.

An answer that holds more than plain values, or is no JSON, is botocore's to read; so are all, should it ever stop
asking. Rules: Amazon DynamoDB API reference, `AttributeValue` (bytes come in base64), and `Query`.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Any, Final

import orjson

__all__ = ["read_items_at_once"]

_PLAIN: Final = frozenset({"S", "N", "BOOL", "NULL"})
_GOOD: Final = 200


def read_items_at_once(session: Any) -> None:
    """Has clients of this botocore session read queries' items so; call it before they are made."""
    session.register("before-parse.dynamodb.Query", _read)


def _read(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    if response_dict["status_code"] != _GOOD:
        return
    try:
        answer = orjson.loads(response_dict["body"])
    except orjson.JSONDecodeError:
        return
    items = answer.get("Items") if isinstance(answer, dict) else None
    if not isinstance(items, list):
        return
    for item in items:
        for value in item.values():
            ((kind, content),) = value.items()
            if kind == "B":
                value[kind] = b64decode(content)
            elif kind not in _PLAIN:
                return
    del answer["Items"]
    response_dict["body"] = orjson.dumps(answer)
    customized_response_dict["Items"] = items
