"""Which verb brings an object into the cluster: apply, replace, or delete and make anew.

Server-side apply is the rule; everything else is asked for by an option of the object or of its application. A change
that the API server refuses because a field is immutable is explained, or carried out by deleting the object where
`Force=true` says so. As in Argo CD a Namespace or CustomResourceDefinition is never deleted for it (Argo CD, "Sync
Options", sections Replace Resource and Force Sync).
"""

from __future__ import annotations

import re

from mooring.cluster.apply import Applied
from mooring.errors import RejectedError
from mooring.flows.targets import Live
from mooring.model.objects import Manifest
from mooring.plan.steps import Wanted

__all__ = ["is_immutable", "write"]

_IMMUTABLE = re.compile(
    r"immutable|updates to \w+ spec for fields other than|pod updates may not change|may not change once set"
)
_NEVER_DELETED = frozenset({"Namespace", "CustomResourceDefinition"})
_ADVICE = (
    "; a field that can't be changed in place was changed: undo that, or set "
    "argocd.argoproj.io/sync-options: Force=true on the object to have it deleted and made anew"
)


def write(target: Live, wanted: Wanted, manifest: Manifest) -> Applied:
    """Brings `manifest`, which is `wanted` as it is to be sent, into the cluster; the object may exist.

    Raises as `Live.apply`, with advice where an immutable field is in the way.
    """
    options = wanted.options
    may_go = options.force and wanted.key.kind not in _NEVER_DELETED
    if options.replace and may_go:
        target.make_room(wanted.key)
        return target.replace(manifest, validate=options.validate)
    try:
        if options.replace:
            return target.replace(manifest, validate=options.validate)
        return target.apply(manifest, validate=options.validate)
    except RejectedError as error:
        if not is_immutable(error):
            raise
        if not may_go:
            raise RejectedError(
                error.message + _ADVICE, code=error.code, reason=error.reason, subject=error.subject
            ) from error
    target.make_room(wanted.key)
    return target.apply(manifest, validate=options.validate)


def is_immutable(error: RejectedError) -> bool:
    """Whether an object was refused because a field of it can't be changed in place."""
    return _IMMUTABLE.search(error.message) is not None
