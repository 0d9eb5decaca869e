"""What of an object is sent, and which verb brings it into the cluster: apply, replace, or delete and make anew.

Server-side apply is the rule; everything else is asked for by an option of the object or of its application. A change
that the API server refuses because a field is immutable is explained, or carried out by deleting the object where
`Force=true` says so. As in Argo CD a Namespace or CustomResourceDefinition is never deleted for it (Argo CD, "Sync
Options", sections Replace Resource and Force Sync).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mooring.cluster.apply import Applied
from mooring.differences.rules import Rules
from mooring.differences.sending import to_send
from mooring.errors import RejectedError
from mooring.flows.clusters.live import Live
from mooring.model.application import Application
from mooring.model.objects import Manifest
from mooring.plan.steps import Wanted

__all__ = ["as_sent", "is_immutable", "leaves_out", "try_anew", "try_write", "write"]

_IMMUTABLE = re.compile(
    r"immutable|updates to \w+ spec for fields other than|pod updates may not change|may not change once set"
)
_TRIED: Final = "-dry-run"
_LONGEST_TRIED: Final = 55  # characters, so that names which become labels fit 63
_NEVER_DELETED = frozenset({"Namespace", "CustomResourceDefinition"})
_ADVICE = (
    "; a field that can't be changed in place was changed: undo that, or set "
    "argocd.argoproj.io/sync-options: Force=true on the object to have it deleted and made anew"
)


def leaves_out(wanted: Wanted, application: Application, rules: Rules) -> bool:
    """Whether what is sent of an object that exists depends on how it is (`RespectIgnoreDifferences=true`)."""
    return application.respect_ignore_differences and bool(rules.about(wanted.manifest))


def as_sent(wanted: Wanted, live: Manifest | None, application: Application, rules: Rules) -> Manifest:
    """The manifest as it is sent: without ignored fields, where they are to be respected and the object exists.

    `live` carries its `managedFields`. Raises as `to_send`.
    """
    if live is None or not leaves_out(wanted, application, rules):
        return wanted.manifest
    return to_send(wanted.manifest, live, rules, replace=wanted.options.replace)


def write(target: Live, wanted: Wanted, manifest: Manifest) -> Applied:
    """Brings `manifest`, which is `wanted` as it is to be sent, into the cluster; the object may exist.

    Raises as `Live.apply`, with advice where an immutable field is in the way.
    """
    options = wanted.options
    if options.replace and _may_go(wanted):
        target.make_room(wanted.key)
        return target.replace(manifest, validate=options.validate)
    try:
        if options.replace:
            return target.replace(manifest, validate=options.validate)
        return target.apply(manifest, validate=options.validate)
    except RejectedError as error:
        _explain(error, wanted)
    target.make_room(wanted.key)
    return target.apply(manifest, validate=options.validate)


def try_write(target: Live, wanted: Wanted, manifest: Manifest, *, exists: bool) -> tuple[Applied, bool]:
    """What `write` would bring about, by dry runs on the server, and whether the object would be made anew for it.

    Raises as `write`.
    """
    options = wanted.options
    if not (exists and options.replace and _may_go(wanted)):
        try:
            if exists and options.replace:
                return target.replace(manifest, validate=options.validate, dry_run=True), False
            return target.apply(manifest, validate=options.validate, dry_run=True), False
        except RejectedError as error:
            _explain(error, wanted)
    return try_anew(target, manifest, validate=options.validate), True


def try_anew(target: Live, manifest: Manifest, *, validate: bool = True) -> Applied:
    """Tries to make an object whose name is taken until it is deleted, which no dry run can do: under another name."""
    name = manifest["metadata"]["name"]
    other = f"{name[:_LONGEST_TRIED].rstrip('-.')}{_TRIED}"
    tried = target.apply(
        {**manifest, "metadata": {**manifest["metadata"], "name": other}}, validate=validate, dry_run=True
    )
    return replace(tried, live={**tried.live, "metadata": {**tried.live["metadata"], "name": name}})


def _may_go(wanted: Wanted) -> bool:
    return wanted.options.force and wanted.key.kind not in _NEVER_DELETED


def _explain(error: RejectedError, wanted: Wanted) -> None:
    """Raises the refusal, with advice, unless the object is to be made anew for it."""
    if not is_immutable(error):
        raise error
    if not _may_go(wanted):
        raise RejectedError(
            error.message + _ADVICE, code=error.code, reason=error.reason, subject=error.subject
        ) from error


def is_immutable(error: RejectedError) -> bool:
    """Whether an object was refused because a field of it can't be changed in place."""
    return _IMMUTABLE.search(error.message) is not None
