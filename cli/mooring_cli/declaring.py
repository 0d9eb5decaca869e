"""`mooring app create` and `mooring app set`: an Application from options, with Argo CD's names for them.

They are for trying things out and for scripts that come from Argo CD; what is to last belongs in git. The options fill
the same document that `apply -f` sends, and the API alone says whether it is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from mooring.errors import ConfigurationError, ConflictError
from mooring_cli.client import Api, NotFoundError
from mooring_cli.completion import cluster_names, project_names
from mooring_cli.frame import prints, verb
from mooring_cli.labels import changed, pair
from mooring_cli.names import AppName, app_namespace, one_app
from mooring_cli.output import Output, warn

__all__ = ["create_app", "set_app"]


def _spec_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed((
        click.option("--project", metavar="NAME", shell_complete=project_names, help="Its project."),
        click.option("--repo", metavar="URL", help="The repository of its manifests or chart."),
        click.option("--path", metavar="PATH", help="The folder in it."),
        click.option("--revision", metavar="REVISION", help="Branch, tag, commit or a chart's version."),
        click.option("--helm-chart", metavar="NAME", help="The chart, where the repository is one of charts."),
        click.option("--helm-set", multiple=True, metavar="K=V", help="A value of the chart; may be repeated."),
        click.option("--values", multiple=True, metavar="FILE", help="A file of values in the repository."),
        click.option("--values-literal-file", metavar="FILE", help="A file of values on this machine."),
        click.option("--release-name", metavar="NAME", help="The name of the Helm release."),
        click.option("--kustomize-image", multiple=True, metavar="IMAGE", help="An image as Kustomize takes it."),
        click.option("--directory-recurse", is_flag=True, help="Manifests in folders below, too."),
        click.option("--dest-name", metavar="NAME", shell_complete=cluster_names, help="The cluster's name."),
        click.option("--dest-server", metavar="URL", help="The cluster's address instead."),
        click.option("--dest-namespace", metavar="NAMESPACE", help="The namespace of objects that name none."),
        click.option("--sync-policy", type=click.Choice(["automated", "auto", "manual", "none"]),
                     help="Whether a push is synced by itself."),
        click.option("--auto-prune/--no-auto-prune", default=None, help="With automated: delete what git lost."),
        click.option("--self-heal/--no-self-heal", default=None, help="With automated: undo changes by hand."),
        click.option("--sync-option", multiple=True, metavar="K=V", help="As CreateNamespace=true (! removes)."),
        click.option("--label", "-l", multiple=True, metavar="K=V", help="A label (K- removes)."),
        click.option("--annotation", "--annotations", "annotation", multiple=True, metavar="K=V",
                     help="An annotation (K- removes)."),
    )):  # fmt: skip
        function = option(function)
    return function


@verb("create", "declare an Application by options, or those of a file")
@click.argument("name", required=False)
@app_namespace
@click.option("-f", "--file", "--filename", "file", metavar="FILE", help="Applications in YAML or JSON instead.")
@click.option("--upsert", is_flag=True, help="Change it where it is there already.")
@_spec_options
@prints()
def create_app(
    api: Api, out: Output, name: str | None, app_namespace: str, file: str | None, upsert: bool, **options: Any
) -> int:
    """Refuses to change one that is there, unless it is told to."""
    if bool(name) == bool(file):
        raise ConfigurationError("give a name and options, or a file with -f", field="NAME")
    if file:
        from mooring_cli.documents import read_documents

        documents = [document for _, document in read_documents(file)]
    else:
        app = AppName.parse(str(name), app_namespace)
        documents = [_filled(_empty(app), options)]
    for document in documents:
        if document.get("kind") != "Application":
            raise ConfigurationError("must be Application; `mooring apply -f` takes other kinds", field="kind")
        metadata = document.get("metadata") or {}
        app = AppName(metadata.get("namespace") or app_namespace, str(metadata.get("name")))
        if not upsert and _find(api, app):
            raise ConflictError(f"application {app} is there: `mooring app set` changes it, or give --upsert")
        _declare(api, out, app, document, "created")
    return 0


@verb("set", "change an Application by options")
@one_app
@_spec_options
@prints()
def set_app(api: Api, out: Output, app: AppName, **options: Any) -> int:
    """Changes what is named, and leaves the rest as it is."""
    if not any(value not in (None, (), False) for value in options.values()):
        raise ConfigurationError("say what to change: --revision, --path, --sync-policy, …", field="set")
    known = _find(api, app)
    if known is None:
        raise NotFoundError(f"no application {app}: `mooring app create` makes one")
    document: dict[str, Any] = {
        part: known[part] for part in ("apiVersion", "kind", "metadata", "spec") if part in known
    }
    _declare(api, out, app, _filled(document, options), "changed", match=api.tag)
    return 0


def _find(api: Api, app: AppName) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = api.call("GET", "applications", app.name, query=app.query)
    except NotFoundError:
        return None
    return found


def _declare(api: Api, out: Output, app: AppName, document: dict[str, Any], told: str, match: str = "") -> None:
    answer = api.call("POST", "applications", body=document, match=match)
    warn(answer.get("warnings") or [])
    out.emit(answer.get("application") or document, lambda: f"application {app} {told}")


def _empty(app: AppName) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": app.name, "namespace": app.namespace},
        "spec": {"project": "default", "source": {}, "destination": {}},
    }


def _filled(document: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The document with what the options say (Argo CD documentation, "argocd app set", Application specification)."""
    spec: dict[str, Any] = document.setdefault("spec", {})
    metadata: dict[str, Any] = document.setdefault("metadata", {})
    if given["project"]:
        spec["project"] = given["project"]
    for part, option in (("labels", "label"), ("annotations", "annotation")):
        if given[option]:
            metadata[part] = changed(metadata.get(part) or {}, given[option], f"--{option}")
    _fill_source(spec, given)
    _fill_destination(spec.setdefault("destination", {}), given)
    _fill_policy(spec, given)
    return document


def _fill_source(spec: dict[str, Any], given: Mapping[str, Any]) -> None:
    plain = {"repoURL": given["repo"], "path": given["path"], "targetRevision": given["revision"]}
    words = {key: value for key, value in (plain | {"chart": given["helm_chart"]}).items() if value}
    literal = Path(given["values_literal_file"]).read_text(encoding="utf-8") if given["values_literal_file"] else None
    helm = {
        "releaseName": given["release_name"],
        "valueFiles": list(given["values"]),
        "values": literal,
        "parameters": [
            dict(zip(("name", "value"), pair(each, "--helm-set"), strict=True)) for each in given["helm_set"]
        ],
    }
    helm = {key: value for key, value in helm.items() if value}
    if not (words or helm or given["kustomize_image"] or given["directory_recurse"]):
        return
    if spec.get("sources"):
        raise ConfigurationError(
            "has several sources: change them in git, or by `mooring apply -f`", field="spec.sources"
        )
    source: dict[str, Any] = spec.setdefault("source", {})
    source |= words
    if helm:
        known = source.setdefault("helm", {})
        parameters = {each["name"]: each for each in [*known.get("parameters", []), *helm.pop("parameters", [])]}
        known |= helm | ({"parameters": list(parameters.values())} if parameters else {})
    if given["kustomize_image"]:
        source.setdefault("kustomize", {})["images"] = list(given["kustomize_image"])
    if given["directory_recurse"]:
        source.setdefault("directory", {})["recurse"] = True


def _fill_destination(destination: dict[str, Any], given: Mapping[str, Any]) -> None:
    if given["dest_name"]:
        destination.pop("server", None)
        destination["name"] = given["dest_name"]
    if given["dest_server"]:
        destination.pop("name", None)
        destination["server"] = given["dest_server"]
    if given["dest_namespace"]:
        destination["namespace"] = given["dest_namespace"]


def _fill_policy(spec: dict[str, Any], given: Mapping[str, Any]) -> None:
    policy: dict[str, Any] = dict(spec.get("syncPolicy") or {})
    if given["sync_policy"] in {"manual", "none"}:
        policy.pop("automated", None)
    elif given["sync_policy"]:
        policy.setdefault("automated", {})
    for key, option in (("prune", "auto_prune"), ("selfHeal", "self_heal")):
        if given[option] is None:
            continue
        if "automated" not in policy:
            raise ConfigurationError("takes --sync-policy automated", field=f"--{option.replace('_', '-')}")
        policy["automated"] = {**(policy["automated"] or {}), key: given[option]}
    for each in given["sync_option"]:
        name = each.removeprefix("!").partition("=")[0]
        kept = [one for one in policy.get("syncOptions") or [] if one.partition("=")[0] != name]
        policy["syncOptions"] = kept if each.startswith("!") else [*kept, each]
    if policy != (spec.get("syncPolicy") or {}):
        spec["syncPolicy"] = policy
