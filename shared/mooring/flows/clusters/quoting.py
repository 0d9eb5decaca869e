"""What an API server says about an object that holds secrets, without their values.

Its validation quotes what it refuses (`Invalid value: "…"`), a change of a pod's spec is told with all of it, and
admission webhooks say what they like. All of that is kept in the history and shown; the server's other words stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from mooring.cluster.apply import Applied
from mooring.errors import MooringError
from mooring.model.objects import Manifest
from mooring.secrets.digests import is_hidden, is_secret
from mooring.secrets.masking import masked, masked_text, values_of

__all__ = ["quiet", "unquoted"]


@contextmanager
def unquoted(manifest: Manifest) -> Iterator[None]:
    """Errors about an object that holds secrets are raised without its values."""
    try:
        yield
    except MooringError as error:
        if not is_secret(manifest):
            raise
        if is_hidden(manifest):
            # Behind the first line comes what the object was and shall be, the former of which is not known here.
            error.message = error.message.partition("\n")[0]
        raise masked(error, values_of(manifest)) from None


def quiet(applied: Applied, manifest: Manifest) -> Applied:
    """The outcome with warnings that quote no secret value."""
    if not applied.warnings or not is_secret(manifest):
        return applied
    values = values_of(manifest)
    return replace(applied, warnings=tuple(masked_text(each, values) for each in applied.warnings))
