"""`mooring app edit|patch|unset`: an Application that is there is changed, and nobody else's change is lost.

All three read it with its ETag and send it back with `If-Match`, so that what somebody else declared in between is
refused instead of overwritten. Whether the outcome is right the API says. What a root application or an ApplicationSet
declares goes back to what git says.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from mooring.errors import ConfigurationError, MooringError
from mooring_cli.client import Api
from mooring_cli.frame import prints, verb
from mooring_cli.names import AppName, one_app
from mooring_cli.output import Output, warn
from mooring_cli.patching import json_patched, merge_patched, read_patch

__all__ = ["edit_app", "patch_app", "unset_app"]

_DECLARED: Final = ("apiVersion", "kind", "metadata", "spec")
_KEPT: Final = ("name", "namespace", "labels", "annotations", "finalizers", "ownerReferences")
_HEAD: Final = """\
# Lines that begin with '#' are left out. An empty file changes nothing.
# What a root application or an ApplicationSet declares goes back to what git says.
"""


def fetch_declared(api: Api, app: AppName) -> tuple[dict[str, Any], str]:
    """What was declared, and the ETag to change it by."""
    found = api.call("GET", "applications", app.name, query=app.query)
    document = {part: found[part] for part in _DECLARED if part in found}
    document["metadata"] = {part: found["metadata"][part] for part in _KEPT if part in found["metadata"]}
    return document, api.tag


def _declare(api: Api, out: Output, app: AppName, document: dict[str, Any], tag: str) -> None:
    answer = api.call("POST", "applications", body=document, match=tag)
    warn(answer.get("warnings") or [])
    out.emit(answer.get("application") or document, lambda: f"application {app} changed")


@verb("edit", "change an Application in your editor")
@one_app
@prints()
def edit_app(api: Api, out: Output, app: AppName) -> int:
    """The editor is $VISUAL or $EDITOR. What is refused is kept in a file, and its name is told."""
    import yaml

    document, tag = fetch_declared(api, app)
    text = _HEAD + yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    edited = click.edit(text, extension=".yaml", require_save=False)
    try:
        wanted = yaml.safe_load(edited) if edited else None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"is not YAML: {error}; it is kept in {_keep(edited or '')}", field="edit") from error
    if wanted in (None, document):
        print("nothing changed", file=sys.stderr)
        return 0
    try:
        _refuse_others(app, wanted)
        _declare(api, out, app, wanted, tag)
    except MooringError:
        print(f"your text is kept in {_keep(edited or '')}", file=sys.stderr)
        raise
    return 0


def _keep(text: str) -> str:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="mooring-edit-", suffix=".yaml", delete=False
    ) as kept:  # only its owner may read it
        kept.write(text)
    return kept.name


def _refuse_others(app: AppName, document: Any) -> None:
    """Raises `ConfigurationError` where the outcome is another application, or none."""
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(metadata, dict):
        raise ConfigurationError("must be an Application", field="metadata")
    for part, known in (("name", app.name), ("namespace", app.namespace)):
        if metadata.get(part) != known:
            raise ConfigurationError(
                f"must stay {known!r}; `mooring apply -f` declares another", field=f"metadata.{part}"
            )


@verb("patch", "change an Application by a patch")
@one_app
@click.option("--patch", required=True, metavar="PATCH", help="The patch in JSON or YAML, or @FILE (- for input).")
@click.option("--type", type=click.Choice(["json", "merge"]), default="json",
              help="A list of operations (json, RFC 6902; the default) or a document (merge, RFC 7396).")  # fmt: skip
@prints()
def patch_app(api: Api, out: Output, app: AppName, patch: str, type: str) -> int:
    """As `argocd app patch`."""
    given = read_patch(patch)
    document, tag = fetch_declared(api, app)
    made = json_patched(document, given) if type == "json" else merge_patched(document, given)
    _refuse_others(app, made)
    if made == document:
        out.emit(document, lambda: f"application {app} unchanged")
        return 0
    _declare(api, out, app, made, tag)
    return 0


def _unset_options(function: Callable[..., Any]) -> Callable[..., Any]:
    flags = {
        "--values-literal": "The values that stand in the Application.",
        "--release-name": "The name of the Helm release.",
        "--nameprefix": "Kustomize's prefix.",
        "--namesuffix": "Kustomize's suffix.",
        "--kustomize-namespace": "Kustomize's namespace.",
        "--revision": "The revision: back to HEAD.",
        "--sync-policy": "The sync policy: syncs are by hand.",
    }
    for name, told in reversed(flags.items()):
        function = click.option(name, is_flag=True, help=told)(function)
    many = {
        "--parameter": "A parameter of the chart, by its name; may be repeated.",
        "--values": "A file of values; may be repeated.",
        "--kustomize-image": "An image of Kustomize, by the name before = or the tag; may be repeated.",
        "--plugin-env": "A variable of a plugin; may be repeated.",
    }
    for name, told in reversed(many.items()):
        short = ("-p",) if name == "--parameter" else ()
        function = click.option(*short, name, multiple=True, metavar="NAME", help=told)(function)
    return function


@verb("unset", "take options of an Application back")
@one_app
@_unset_options
@prints()
def unset_app(api: Api, out: Output, app: AppName, **given: Any) -> int:
    """What `app set` sets; the rest stays as it is."""
    if not any(given.values()):
        raise ConfigurationError("say what to take back: -p NAME, --values FILE, --revision, …", field="unset")
    document, tag = fetch_declared(api, app)
    before = json.dumps(document)
    _unset(document["spec"], given)
    if json.dumps(document) == before:
        raise ConfigurationError("nothing of this is set", field="unset")
    _declare(api, out, app, document, tag)
    return 0


def _unset(spec: dict[str, Any], given: dict[str, Any]) -> None:
    if given["sync_policy"]:
        spec.pop("syncPolicy", None)
    if not any(value for name, value in given.items() if name != "sync_policy"):
        return
    if spec.get("sources"):
        raise ConfigurationError("has several sources: `mooring app edit` changes them", field="spec.sources")
    source: dict[str, Any] = spec.get("source") or {}
    if given["revision"]:
        source.pop("targetRevision", None)
    for part, words, lists in _PARTS:
        _unset_in(source, part, given, words, lists)


def _unset_in(
    source: dict[str, Any], part: str, given: dict[str, Any], words: Mapping[str, tuple[str, ...]],
    lists: Mapping[str, tuple[str, Callable[[Any], str]]],
) -> None:  # fmt: skip
    known = source.get(part)
    if not isinstance(known, dict):
        return
    for option, keys in words.items():
        if given[option]:
            for key in keys:
                known.pop(key, None)
    for option, (key, name_of) in lists.items():
        if given[option] and key in known:
            known[key] = [each for each in known[key] if name_of(each) not in given[option]]
            if not known[key]:
                del known[key]
    if not known:
        del source[part]


def _image_name(image: str) -> str:
    """What Kustomize calls an image by: `web` of `web=registry/web:2`, `registry/web` of `registry/web:2`."""
    name, equals, _ = image.partition("=")
    if equals:
        return name
    name = image.partition("@")[0]
    before, slash, last = name.rpartition("/")
    return f"{before}{slash}{last.partition(':')[0]}"


_PARTS: Final[tuple[tuple[str, Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, Callable[[Any], str]]]], ...]] = (
    (
        "helm",
        {"values_literal": ("values", "valuesObject"), "release_name": ("releaseName",)},
        {"parameter": ("parameters", lambda each: str(each["name"])), "values": ("valueFiles", str)},
    ),
    (
        "kustomize",
        {"nameprefix": ("namePrefix",), "namesuffix": ("nameSuffix",), "kustomize_namespace": ("namespace",)},
        {"kustomize_image": ("images", _image_name)},
    ),
    ("plugin", {}, {"plugin_env": ("env", lambda each: str(each["name"]))}),
)
