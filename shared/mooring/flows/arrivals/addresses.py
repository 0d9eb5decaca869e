"""The addresses that a payload names, as applications are listed by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mooring.errors import ConfigurationError
from mooring.source.urls import normalise

__all__ = ["normalised"]


def normalised(urls: Iterable[str]) -> Iterator[str]:
    """Each address that may be a repository's, normalised; one of another kind (an API's, say) names none."""
    for url in urls:
        try:
            yield normalise(url)
        except ConfigurationError:
            continue
