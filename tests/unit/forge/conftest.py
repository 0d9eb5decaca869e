"""A double of a code host for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doubles.forgeserver import ForgeDouble, forge_double


@pytest.fixture
def forge() -> Iterator[ForgeDouble]:
    """A code host without any answers."""
    with forge_double() as double:
        yield double
