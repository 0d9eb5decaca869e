"""Replace an object as a whole (`Replace=true`), or make room to make it anew (`Force=true`).

What `kubectl replace` does: the live object becomes the manifest, and whatever others set in it goes. Fields that a
replacement changes are owned by an `Update` entry of ours, not an `Apply` entry. An object whose immutable fields are
to change can only be deleted and made again, which loses what hangs on it, so it is done only where the user says so
(Argo CD, "Sync Options", sections Replace Resource and Force Sync).
"""

from __future__ import annotations

import time

from mooring.cluster.apply import FIELD_MANAGER, Applied, delete, get, written_path
from mooring.cluster.discovery import Discovery
from mooring.cluster.impersonating import Requests
from mooring.errors import ConflictError
from mooring.model.objects import Manifest, ObjectKey

__all__ = ["make_room", "replace"]

_PAUSE = 0.2  # seconds between looks whether an object is gone


def replace(
    server: Requests,
    discovery: Discovery,
    manifest: Manifest,
    *,
    validate: bool = True,
    dry_run: bool = False,
    patience: float = 0.0,
) -> Applied:
    """Makes the live object what the manifest says, or creates it; `dry_run` computes the outcome and keeps nothing.

    Raises `ConflictError` where somebody else was faster, `RejectedError` in the API server's own words, and as
    `ApiServer.request` does. `patience` as in `apply`.
    """
    key = ObjectKey.of(manifest)
    version = manifest["apiVersion"].rpartition("/")[2]
    resource = discovery.resource(key.group, key.kind, version, patience=patience)
    query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict" if validate else "Ignore"}
    if dry_run:
        query["dryRun"] = "All"
    live = get(server, discovery, key, version)
    if live is None:
        made = server.request("POST", written_path(resource, key, whole=False), query, manifest, subject=str(key))
        return Applied(made.body, True, made.warnings)
    metadata = {**manifest["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}
    path = written_path(resource, key)
    answer = server.request("PUT", path, query, {**manifest, "metadata": metadata}, subject=str(key))
    return Applied(answer.body, False, answer.warnings)


def make_room(server: Requests, discovery: Discovery, key: ObjectKey, *, patience: float) -> None:
    """Deletes what has this name and waits until it is gone, at most `patience` seconds.

    Raises `ConflictError` where it is still there then (something holds it: try again later), and as `delete` does.
    """
    live = get(server, discovery, key)
    if live is None:
        return
    uid = live["metadata"]["uid"]
    delete(server, discovery, key, uid=uid, propagation="Background")
    until = time.monotonic() + patience
    while (live := get(server, discovery, key)) is not None and live["metadata"]["uid"] == uid:
        if time.monotonic() > until:
            raise ConflictError("is being deleted; it is made anew when it is gone", subject=str(key))
        time.sleep(_PAUSE)
