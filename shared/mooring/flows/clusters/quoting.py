"""What an API server says about an object that holds secrets, without their values.

Its validation quotes what it refuses (`Invalid value: "…"`), a change of a pod's spec is told with all of it, and
admission webhooks say what they like. So may conditions of the object, which its health is told by. All of that is kept
in the history and shown; the other words stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from mooring.cluster.apply import Applied
from mooring.errors import MooringError
from mooring.health import Health, Rules, assess
from mooring.model.objects import Manifest
from mooring.secrets.carried import is_plain_secret
from mooring.secrets.digests import is_hidden, is_secret
from mooring.secrets.masking import masked, masked_text, values_of

__all__ = ["judged", "quiet", "told", "unquoted"]


@contextmanager
def unquoted(manifest: Manifest) -> Iterator[None]:
    """Errors about an object that holds secrets are raised without its values."""
    try:
        yield
    except MooringError as error:
        if not is_secret(manifest):
            raise
        if is_hidden(manifest) or not is_plain_secret(manifest):
            # Behind the first line comes what the object was and shall be, the former of which is not known here.
            error.message = error.message.partition("\n")[0]
        raise masked(error, values_of(manifest)) from None


def quiet(applied: Applied, manifest: Manifest) -> Applied:
    """The outcome with warnings that quote no secret value."""
    if not applied.warnings or not is_secret(manifest):
        return applied
    values = values_of(manifest)
    return replace(applied, warnings=tuple(masked_text(each, values) for each in applied.warnings))


def judged(live: Manifest | None, rules: Rules) -> Health:
    """How a live object is, in words that quote no secret value of it."""
    return told(live, assess(live, rules))


def told(live: Manifest | None, health: Health) -> Health:
    """The same health without the values of the object, wherever its words come from (its pods, perhaps)."""
    if live is None or not health.message or not is_secret(live):
        return health
    # What its status says is what is searched.
    values = values_of({name: below for name, below in live.items() if name != "status"})
    return replace(health, message=masked_text(health.message, values))
