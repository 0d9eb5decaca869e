"""What a sync to manifests would change that git does not have (yet): `mooring app diff --local`.

They are rendered where they lie, on somebody's machine, and come with the question; nothing of them is kept. They are
read as strictly as what a render gives. An object that the application does not have yet is told and not asked for, so
a question reaches nothing in the cluster but the application's own objects.

Who may only read the application gets less: the API server tries nothing for them, and Secrets are left out, because
the keyed digest of a guessed value would tell whether the guess is right.
"""

from __future__ import annotations

from typing import Any, Final

from mooring.errors import ConfigurationError, RenderError
from mooring.flows.looking.objects import differences_to, prepared_objects
from mooring.flows.looking.ports import LookPorts, place_of
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.secrets.digests import is_hidden

__all__ = ["compare_given"]

_MOST: Final = 2_000  # manifests


def compare_given(ports: LookPorts, app: AppKey, given: object, *, tries: bool) -> dict[str, Any]:
    """The differences as `show_managed` tells them, and which Secrets were left out.

    Raises as `place_of`, and `ConfigurationError` naming the manifest that can't be used.
    """
    from mooring.render.objects import accept  # no other look has to do with rendering

    if not isinstance(given, list) or len(given) > _MOST:
        raise ConfigurationError(f"must be a list of {_MOST} manifests at most", field="manifests")
    place = place_of(ports, app)
    try:
        documents = ((f"manifests[{at}]", each) for at, each in enumerate(given))
        accepted, _ = accept(documents, namespace=place.application.destination.namespace)
    except RenderError as error:
        raise ConfigurationError(error.message, field="manifests") from error
    wanted = prepared_objects(ports, place, accepted)
    withheld = [] if tries else [key for key, item in wanted.items() if _is_secret(key, item.manifest)]
    if not tries:  # those that would be pruned are told by name; their values are digests of what is live
        wanted = {key: item for key, item in wanted.items() if key not in set(withheld)}
    told = differences_to(ports, place, wanted, tries=tries)
    if not tries:
        hidden = {(key.kind, key.namespace, key.name) for key in withheld}
        told["items"] = [e for e in told["items"] if (e["kind"], e["namespace"], e["name"]) not in hidden]
    return told | {"withheld": [f"{key.kind}/{key.namespace}/{key.name}" for key in withheld]}


def _is_secret(key: ObjectKey, manifest: Manifest) -> bool:
    return (key.group, key.kind) == ("", "Secret") or is_hidden(manifest)
