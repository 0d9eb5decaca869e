"""Rendering with `helm template`.

The chart renders as Argo CD renders it: release name and namespace from the application, value files in order, then
`values` or `valuesObject`, then parameters; hooks and tests stay in the output with their annotations. Helm
runs without a network: a dependency must lie in `charts/` or, by `file://`, elsewhere in the repository.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError, RenderError
from mooring.model.source import HelmOptions
from mooring.render.detect import CHART
from mooring.render.objects import Found
from mooring.render.paths import LeavesError, MissingError, locate, reachable
from mooring.render.process import run
from mooring.render.schemas import reaches_out
from mooring.render.yaml import load_documents

__all__ = ["template"]

_FIELD = "spec.source.helm"
_SOURCE = re.compile(rb"^---\n# Source: ([^\n]*)\n", re.MULTILINE)
_HELMS_ADVICE = re.compile(r"\s*Use --debug flag to render out invalid YAML")
_BARE_COMMA = re.compile(r"(?<!\\),")


def template(
    root: Path,
    path: str,
    options: HelmOptions,
    *,
    release: str,
    namespace: str,
    kube_version: str,
    api_versions: Sequence[str],
    tool: str,
    scratch: Path,
    timeout: float,
) -> Found:
    """What a chart gives, placed by template; it depends on the chart, the value files and charts elsewhere.

    Raises `ConfigurationError` for options that can't be used and `RenderError` with Helm's own words where it fails.
    Source: Argo CD, "Helm".
    """
    if not Path(root, path, CHART).is_file():
        raise RenderError(
            f"{path}: holds no {CHART}; name a chart's folder in spec.source.path or remove {_FIELD}",
            field="spec.source.path",
        )
    depends = {path}
    files = list(_value_files(root, path, options, depends))
    local = _dependencies(root, path, depends)
    depends = reachable(root, depends)
    chart = _assembled(root, path, local, scratch / "chart") if local else f"{root}/{path}"
    names = {os.fspath(scratch / "chart"): path}
    arguments = [tool, "template", "--dry-run=client"]
    warnings = []
    if schema := reaches_out(root, depends):
        arguments.append("--skip-schema-validation")
        warnings.append(f"{schema}: refers to other schemas, which are not fetched: the values were not checked")
    if namespace:
        arguments.append(f"--namespace={namespace}")
    if kube_version:
        arguments.append(f"--kube-version={kube_version}")
    if api_versions:
        arguments.append(f"--api-versions={','.join(api_versions)}")
    arguments.append("--skip-crds" if options.skip_crds else "--include-crds")
    if values := _values(options):
        file = scratch / "values.yaml"
        file.write_text(values, encoding="utf-8")
        files.append(os.fspath(file))
        names[os.fspath(file)] = f"{_FIELD}.{'values' if options.values_object is None else 'valuesObject'}"
    arguments += [f"--values={_quoted(file)}" for file in files]
    for parameter in options.parameters:
        flag = "--set-string" if parameter.force_string else "--set"
        arguments.append(f"{flag}={parameter.name}={_escaped(_literal(parameter.value, f'{_FIELD}.parameters'))}")
    arguments += ["--", options.release_name or release, chart]
    what, advice = f"helm template {path}", f"correct the chart, or what {_FIELD} gives it"
    try:
        output = run(arguments, what=what, advice=advice, checkout=root, scratch=scratch, timeout=timeout, names=names)
    except RenderError as error:
        raise _explained(error, root, path) from error.__cause__
    return Found(list(_documents(output, path)), depends, warnings)


def _explained(error: RenderError, root: Path, path: str) -> RenderError:
    _, marker, names = error.message.partition("missing in charts/ directory: ")
    if not marker:
        return RenderError(_HELMS_ADVICE.sub("", error.message))
    sources = _declared(root, path)
    missing = [name.strip() for name in names.splitlines()[0].partition(";")[0].split(",")]
    listed = ", ".join(f"{name} from {sources[name]}" if sources.get(name) else name for name in missing)
    return RenderError(
        f"{posixpath.normpath(f'{path}/{CHART}')}: the chart needs {listed}, which is not in its charts folder. Charts "
        f"from other repositories are not fetched yet: run `helm dependency build {path}` and commit the charts folder"
    )


def _value_files(root: Path, path: str, options: HelmOptions, depends: set[str]) -> Iterator[str]:
    """Absolute paths of the value files, which are named relative to the chart or, with a leading slash, to the
    repository (Argo CD, "Helm", Values Files).
    """
    for index, name in enumerate(options.value_files):
        field = f"{_FIELD}.valueFiles[{index}]"
        if "://" in name:
            raise ConfigurationError("value files by URL are not supported yet; commit the file", field=field)
        if name.startswith("$"):
            raise ConfigurationError("references to other sources are not supported yet; commit the file", field=field)
        relative = name.lstrip("/") if name.startswith("/") else posixpath.join(path, name)
        try:
            place = locate(root, relative)
        except LeavesError as error:
            raise ConfigurationError(f"{error}; name a file inside the repository", field=field) from None
        except MissingError as error:
            depends.add(error.at)
            if options.ignore_missing_value_files:
                continue
            message = f"{error} at this revision; add the file, or set {_FIELD}.ignoreMissingValueFiles"
            raise ConfigurationError(message, field=field) from None
        if place.is_folder:
            raise ConfigurationError(f"{name!r} is a folder; name a file", field=field)
        depends.update(place.links)
        depends.add(place.path)
        yield f"{root}/{place.path}"


def _values(options: HelmOptions) -> str:
    if options.values_object is not None:
        return json.dumps(options.values_object)
    return options.values


def _dependencies(root: Path, path: str, depends: set[str]) -> dict[str, str]:
    """Dependencies by `file://` that are not vendored: their name to their folder in the repository."""
    local: dict[str, str] = {}
    charts = Path(root, path, "charts")
    vendored = os.listdir(charts) if charts.is_dir() else []
    for name, repository in _declared(root, path).items():
        if not repository.startswith("file://") or any(_holds(file, name) for file in vendored):
            continue
        try:
            place = locate(root, posixpath.join(path, repository.removeprefix("file://")))
        except (LeavesError, MissingError) as error:
            raise RenderError(f"{path}/{CHART}: the dependency {name}: {error}; correct its repository") from None
        depends.update(place.links)
        depends.add(place.path)
        local[name] = place.path
    return local


def _declared(root: Path, path: str) -> dict[str, str]:
    """The names of the chart's dependencies and where they come from."""
    documents = load_documents(Path(root, path, CHART).read_bytes(), where=posixpath.normpath(f"{path}/{CHART}"))
    entries = documents[0].get("dependencies") if documents and isinstance(documents[0], dict) else None
    entries = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return {str(entry.get("name")): str(entry.get("repository") or "") for entry in entries}


def _holds(file: str, name: str) -> bool:
    """Whether an entry of `charts/` is the chart of this name, unpacked or as an archive."""
    return file == name or re.fullmatch(re.escape(name) + r"-v?\d.*\.tgz", file) is not None


def _assembled(root: Path, path: str, local: dict[str, str], target: Path) -> str:
    """A copy of the chart with its dependencies in place, since the checkout is not ours to change."""
    try:
        for source, to in ((path, target), *((place, target / "charts" / name) for name, place in local.items())):
            shutil.copytree(f"{root}/{source}", to, ignore_dangling_symlinks=True)
    except OSError as error:
        raise RenderError(f"{path}: the chart's files can't be put together: check its symbolic links") from error
    return os.fspath(target)


def _quoted(file: str) -> str:
    """One field of the comma-separated list that Helm reads from `--values`."""
    return '"' + file.replace('"', '""') + '"' if any(mark in file for mark in ',"\n') else file


def _escaped(value: str) -> str:
    """A parameter's value for `--set`: commas would begin the next one, except in a `{list}`."""
    return value if value.startswith("{") and value.endswith("}") else _BARE_COMMA.sub(r"\\,", value)


def _literal(value: str, field: str) -> str:
    if "$ARGOCD_" in value or "${ARGOCD_" in value:
        raise ConfigurationError(
            "Argo CD's build environment ($ARGOCD_…) is not supported yet; write the value out", field=field
        )
    return value


def _documents(output: bytes, path: str) -> Iterator[tuple[str, Any]]:
    """Splits the output at Helm's own `# Source:` comments, so that errors name templates."""
    head, *parts = _SOURCE.split(output)
    chunks = [(f"output of helm template {path}", head)]
    chunks += [(name.decode(errors="replace"), text) for name, text in zip(parts[::2], parts[1::2], strict=True)]
    seen: Counter[str] = Counter()
    for where, text in chunks:
        for document in load_documents(text, where=where):
            seen[where] += 1
            yield where if seen[where] == 1 else f"{where}, document {seen[where]}", document
