"""A difference of desired and live for people: the dashboard, a preview, a message.

What is shown is what an apply would change. The outcome of a server-side dry run is compared with the live object, so
neither defaulting nor another spelling of the same amount is a difference; without a dry run the desired fields are
laid over the live object, which is as good but for what webhooks and defaulting would add to new parts, and for fields
that git no longer sets. What the API server sets by itself is left out, and so is what the rules ignore. Values of
Secrets never enter a result: they are replaced before anything is compared.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final, Literal

from mooring.differences.changes import Change, changes
from mooring.differences.ignoring import without
from mooring.differences.overlay import overlaid
from mooring.differences.ownership import owners
from mooring.differences.printing import as_yaml
from mooring.differences.redaction import redacted
from mooring.differences.rules import Rules
from mooring.model.objects import Manifest
from mooring.secrets.digests import is_hidden

__all__ = ["ObjectDiff", "diff", "sides"]

_SERVER_SET: Final = frozenset(
    {"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"}
)


@dataclass(frozen=True, slots=True)
class ObjectDiff:
    """What an apply would do to one object: `kind` for the object as a whole, its changes, and unified-diff text.

    No change and no text where `kind` is unchanged. Values of Secrets are hashes in all of it.
    """

    kind: Literal["added", "removed", "changed", "unchanged"]
    changes: tuple[Change, ...]
    text: str


def diff(
    desired: Manifest | None,
    live: Manifest | None,
    dry_run_result: Manifest | None,
    rules: Rules,
    secret_key: bytes,
    *,
    names: tuple[str, str] = ("live", "desired"),
) -> ObjectDiff:
    """From live to desired. `desired` is `None` for an object to be pruned, `live` for one to be created.

    `dry_run_result` is the answer to a dry-run apply of `desired`, where there is one; `live` carries its
    `managedFields`. `secret_key` is the installation's own, of at least 16 bytes; `ValueError` for a shorter one.
    `names` are what the text calls the two sides. Raises as `without`.
    """
    left, right = sides(desired, live, dry_run_result, rules, secret_key)
    found = changes(left, right, (*owners(live or {}), *owners(_outcome(desired, live, dry_run_result) or {})))
    if not found:
        return ObjectDiff("unchanged", (), "")
    kind: Literal["added", "removed", "changed"] = (
        "added" if left is None else "removed" if right is None else "changed"
    )
    return ObjectDiff(kind, found, _text(left, right, names))


def sides(
    desired: Manifest | None, live: Manifest | None, dry_run_result: Manifest | None, rules: Rules, secret_key: bytes
) -> tuple[Manifest | None, Manifest | None]:
    """What `diff` compares: live, and what an apply would make of it, for whoever shows the two beside each other."""
    if len(secret_key) < 16:
        raise ValueError("the key for hashing secret values must have at least 16 bytes")
    after = _outcome(desired, live, dry_run_result)
    # A copy in the cluster may have lost the annotation that hides it, or not have it yet.
    hidden = any(is_hidden(each) for each in (live, desired, after))
    left, right = (_shown(each, live, rules, secret_key, hidden=hidden) for each in (live, after))
    return left, right


def _outcome(desired: Manifest | None, live: Manifest | None, dry_run_result: Manifest | None) -> Manifest | None:
    """What an apply would make of the live object, as far as it is known."""
    if desired is None:
        return None
    if dry_run_result is not None:
        return dry_run_result
    return desired if live is None else overlaid(desired, live)


def _shown(
    manifest: Manifest | None, live: Manifest | None, rules: Rules, secret_key: bytes, *, hidden: bool
) -> Manifest | None:
    if manifest is None:
        return None
    manifest = without(manifest, rules, live=live)
    metadata = {name: value for name, value in (manifest.get("metadata") or {}).items() if name not in _SERVER_SET}
    shown: Manifest = redacted({**manifest, "metadata": metadata}, secret_key, hidden=hidden)
    return shown


def _text(before: Manifest | None, after: Manifest | None, names: tuple[str, str]) -> str:
    lines = difflib.unified_diff(_lines(before), _lines(after), *names)
    return "".join(lines)


def _lines(manifest: Manifest | None) -> list[str]:
    return [] if manifest is None else as_yaml(manifest).splitlines(keepends=True)
