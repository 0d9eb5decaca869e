"""What these tests share: one jq evaluator, and rules from the text that users write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.differences.expressions import Expressions
from mooring.differences.rules import Rules
from mooring.model.fields import Fields
from mooring.model.ignoring import parse_ignore_rules


@pytest.fixture(scope="session")
def expressions() -> Iterator[Expressions]:
    with Expressions() as started:
        yield started


@pytest.fixture
def rules(expressions: Expressions) -> Callable[..., Rules]:
    """Rules as an application's `spec.ignoreDifferences` would make them."""

    def make(*blocks: dict[str, Any]) -> Rules:
        spec = Fields({"ignoreDifferences": list(blocks)}, "spec", [])
        return Rules(parse_ignore_rules(spec), expressions)

    return make
