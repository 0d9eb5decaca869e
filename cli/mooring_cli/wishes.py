"""What `mooring app sync` may be told of one sync: Argo CD's options, as the body of a request.

Options that do the same have Argo CD's names. Those that can't be had are known all the same, so that fingers which
type them read what to do instead. Source: Argo CD, command reference, `argocd app sync`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.labels import pair
from mooring_cli.names import AppName

__all__ = ["RESOURCE", "sync_body", "wishes"]

RESOURCE: Final = "GROUP:KIND:[NAMESPACE/]NAME"
_MOST: Final = 500  # objects that one request names
_REFUSED: Final = {
    "local": "what is synced comes from git: push it; `mooring app diff NAME --local FOLDER` shows what that would do",
    "info": "is not kept with an operation; say it in the commit, or with `mooring app pause --why`",
}


def wishes(function: Callable[..., int]) -> Callable[..., int]:
    """The options of one sync; they are handed to the function as keywords."""
    for option in reversed((
        click.option("--prune", is_flag=True, help="Delete what is no longer in git, this once."),
        click.option("--resource", multiple=True, metavar=RESOURCE,
                     help="Only this object, without hooks; may be repeated, * is anything, ! leaves out."),
        click.option("--label", multiple=True, metavar="K=V", help="Only objects with one of these labels in git."),
        click.option("--revision", metavar="REVISION", help="A commit, tag, branch or chart's version, this once."),
        click.option("--revisions", multiple=True, metavar="REVISION",
                     help="The same of one of several sources; with --source-positions or --source-names."),
        click.option("--source-positions", multiple=True, type=click.IntRange(1), metavar="N",
                     help="Which source each of --revisions is of, from 1."),
        click.option("--source-names", multiple=True, metavar="NAME", help="The same by the sources' names."),
        click.option("--force", is_flag=True, help="Delete and make anew what can't be changed in place, this once."),
        click.option("--replace", is_flag=True, help="Replace what differs instead of applying it, this once."),
        click.option("--server-side", is_flag=True, help="Apply on the server; it is always so."),
        click.option("--apply-out-of-sync-only", is_flag=True, help="Only what differs; it is always so."),
        click.option("--sync-option", multiple=True, metavar="NAME=VALUE",
                     help="Any sync option, this once, as CreateNamespace=true; may be repeated."),
        click.option("--strategy", type=click.Choice(["hook", "apply"]), help="apply runs no hooks (hook)."),
        click.option("--retry-limit", type=int, metavar="N",
                     help="Try again so often, as the same operation; without an end where negative."),
        click.option("--retry-backoff-duration", metavar="LENGTH", help="How long until the first retry (5s)."),
        click.option("--retry-backoff-factor", type=int, metavar="N", help="How much longer each time (2)."),
        click.option("--retry-backoff-max-duration", metavar="LENGTH", help="At most so long (3m; 15m at most)."),
        click.option("--local", "--local-repo-root", "local", metavar="FOLDER", hidden=True, help="Refused."),
        click.option("--info", multiple=True, hidden=True, help="Refused."),
    )):  # fmt: skip
        function = option(function)
    return function


def sync_body(api: Api, app: AppName, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a request for a sync, from the options of `wishes`; the API is asked where names stand for more.

    Raises `ConfigurationError` naming the option.
    """
    for name, why in _REFUSED.items():
        if wanted[name]:
            raise ConfigurationError(why, field=f"--{name}")
    body: dict[str, Any] = {"prune": True} if wanted["prune"] else {}
    if wanted["revision"]:
        body["revision"] = wanted["revision"]
    positions = wanted["source_positions"] or _positions(api, app, wanted["source_names"])
    if wanted["revisions"] or positions:
        body |= {"revisions": list(wanted["revisions"]), "sourcePositions": list(positions)}
    chosen = [*wanted["resource"], *(_labelled(api, app, wanted["label"]) if wanted["label"] else ())]
    if chosen:
        body["resources"] = chosen
    options = [*wanted["sync_option"], *(name for name, flag in _FLAGS.items() if wanted[flag])]
    if options:
        body["syncOptions"] = options
    if wanted["strategy"]:
        body["strategy"] = {wanted["strategy"]: {}}
    retry = _retry(wanted)
    return body | ({"retryStrategy": retry} if retry else {})


_FLAGS: Final = {
    "Force=true": "force",
    "Replace=true": "replace",
    "ServerSideApply=true": "server_side",
    "ApplyOutOfSyncOnly=true": "apply_out_of_sync_only",
}


def _retry(wanted: Mapping[str, Any]) -> dict[str, Any]:
    named = {"duration": "duration", "factor": "factor", "maxDuration": "max_duration"}
    given = {name: wanted[f"retry_backoff_{option}"] for name, option in named.items()}
    backoff = {name: value for name, value in given.items() if value is not None}
    if wanted["retry_limit"] is None:
        if backoff:
            raise ConfigurationError("must be given with it: how often?", field="--retry-limit")
        return {}
    return {"limit": wanted["retry_limit"]} | ({"backoff": backoff} if backoff else {})


def _positions(api: Api, app: AppName, names: Sequence[str]) -> list[int]:
    """The places of sources by their names."""
    if not names:
        return []
    spec = api.call("GET", "applications", app.name, query=app.query).get("spec") or {}
    known = {each.get("name"): place for place, each in enumerate(spec.get("sources") or (), start=1)}
    for each in names:
        if each not in known:
            there = ", ".join(str(name) for name in known if name) or "none has a name; use --source-positions"
            raise ConfigurationError(f"no source is named {each!r} ({there})", field="--source-names")
    return [known[each] for each in names]


def _labelled(api: Api, app: AppName, labels: Sequence[str]) -> list[str]:
    """Selectors of the objects that bear any of the labels in git, as Argo CD's `--label` chooses them."""
    wanted = dict(pair(each, "--label") for each in labels)
    manifests = api.call("GET", "applications", app.name, "manifests", query=app.query)["manifests"]
    found = [_selector(each) for each in manifests if wanted.items() & _labels(each).items()]
    if not found:
        raise ConfigurationError(f"no object bears {' or '.join(labels)} in git", field="--label")
    if len(found) > _MOST:
        raise ConfigurationError(f"{len(found)} objects bear it, and {_MOST} can be chosen", field="--label")
    return list(dict.fromkeys(found))


def _labels(manifest: Mapping[str, Any]) -> Mapping[str, str]:
    return manifest["metadata"].get("labels") or {}


def _selector(manifest: Mapping[str, Any]) -> str:
    metadata, group = manifest["metadata"], str(manifest["apiVersion"]).rpartition("/")[0]
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{group}:{manifest['kind']}:{place}{metadata.get('name') or metadata.get('generateName')}"
