"""What a sync to manifests would change that git does not have (yet): `mooring app diff --local`.

They are rendered where they lie, on somebody's machine, and come with the question; nothing of them is kept. They are
read as strictly as what a render gives. An object that the application does not have yet is told and not asked for, so
a question reaches nothing in the cluster but the application's own objects.

Of an application of several sources some are rendered there and the others stay as git has them: what these gave is
known by the bundle that was rendered last, so nobody has to send it, and no Secret in it leaves.

Who may only read the application gets less: the API server tries nothing for them, and Secrets are left out, because
the keyed digest of a guessed value would tell whether the guess is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from mooring.errors import ConfigurationError, RenderError
from mooring.flows.looking.objects import differences_to, prepared_objects
from mooring.flows.looking.ports import LookPorts, Place, place_of
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.secrets.digests import is_hidden

__all__ = ["compare_given"]

_MOST: Final = 2_000  # manifests


def compare_given(
    ports: LookPorts, app: AppKey, given: object, *, tries: bool, sources: object = None
) -> dict[str, Any]:
    """The differences as `show_managed` tells them, and which Secrets were left out. `sources` names the declared
    sources that gave the manifests, in the order of these: `[{"position": 1, "count": 12}]`; None for all of them.

    Raises as `place_of`, and `ConfigurationError` naming the manifest that can't be used.
    """
    from mooring.render.objects import accept  # no other look has to do with rendering

    if not isinstance(given, list) or len(given) > _MOST:
        raise ConfigurationError(f"must be a list of {_MOST} manifests at most", field="manifests")
    place = place_of(ports, app)
    accepted: list[Manifest] = []
    for at, each in _parts(ports, place, given, sources):
        try:
            documents = ((f"manifests[{at + index}]", manifest) for index, manifest in enumerate(each))
            accepted += each if at < 0 else accept(documents, namespace=place.application.destination.namespace)[0]
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


def _parts(
    ports: LookPorts, place: Place, given: list[Manifest], sources: object
) -> Iterator[tuple[int, Sequence[Manifest]]]:
    """The manifests of each source in their order, with the place of the first among the given ones; -1 for those that
    git has.
    """
    if sources is None:
        yield 0, given
        return
    rendered = _read_sources(sources, len(given))
    declared, git, spec = len(place.application.sources), place.record.wanted, place.record.spec
    if any(each > declared for each in rendered):
        raise ConfigurationError(f"name one that the application does not have; it has {declared}", field="sources")
    others = {*range(1, declared + 1)} - rendered.keys()
    known = git is not None and spec is not None and git.generation == spec.generation
    known = known and git is not None and len(git.rendering.parts) == declared
    if others and not known:
        raise ConfigurationError(
            "what git has of the other sources is not known yet: ask with `mooring app refresh --hard`, and again in a "
            "moment",
            field="sources",
        )
    bundle = ports.bundles.load(git.bundle) if others and git is not None and git.bundle else ()
    parts = git.rendering.parts if git is not None and others else (0,) * declared
    at = 0
    for position, count in enumerate(parts, start=1):
        if position in rendered:
            start, size = rendered[position]
            yield start, given[start : start + size]
        else:
            yield -1, bundle[at : at + count]
        at += count


def _read_sources(sources: object, given: int) -> dict[int, tuple[int, int]]:
    """Of each source that was rendered, the place of its first manifest and how many there are."""
    wrong = ConfigurationError(
        'must say which sources gave the manifests, each once: [{"position": 1, "count": 12}, …]; all are counted',
        field="sources",
    )
    if not isinstance(sources, list) or not sources:
        raise wrong
    found: dict[int, tuple[int, int]] = {}
    at = 0
    for each in sources:
        position, count = (each.get(name) for name in ("position", "count")) if isinstance(each, dict) else (0, 0)
        if type(position) is not int or type(count) is not int or position < 1 or count < 0 or position in found:
            raise wrong
        found[position] = at, count
        at += count
    if at != given:
        raise wrong
    return found


def _is_secret(key: ObjectKey, manifest: Manifest) -> bool:
    return (key.group, key.kind) == ("", "Secret") or is_hidden(manifest)
