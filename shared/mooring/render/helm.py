"""Rendering with `helm template`.

The chart renders as Argo CD renders it: release name and namespace from the application unless the source names its
own, value files in order, then `values` or `valuesObject`, then parameters, then file parameters; hooks stay in the
output with their annotations. Helm runs without a network and without credentials: a dependency that isn't vendored is
put in its place before. A checkout can also be a chart that was fetched from a repository: then its path is the root.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mooring.errors import RenderError
from mooring.model.source import HelmOptions
from mooring.render.detect import CHART
from mooring.render.environment import BuildEnvironment
from mooring.render.helm_dependencies import ChartSource, assembled, declared, take
from mooring.render.helm_files import HelmFiles
from mooring.render.objects import Found
from mooring.render.paths import reachable
from mooring.render.process import run
from mooring.render.schemas import reaches_out
from mooring.render.sops import SopsOpening
from mooring.render.yaml import load_documents

__all__ = ["template"]

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
    environment: BuildEnvironment | None = None,
    refs: Mapping[str, Path] = MappingProxyType({}),
    charts: ChartSource | None = None,
    declared_at: str = "spec.source",
    opening: SopsOpening | None = None,
) -> Found:
    """What a chart gives, placed by template; it depends on the chart, value files, charts elsewhere, and files that
    other sources lend (`refs`: the root of each one's checkout by its `ref`). `charts` fetches dependencies.

    Raises `ConfigurationError` for options that can't be used and `RenderError` with Helm's own words where it fails,
    and what fetching a dependency raises. Source: Argo CD, "Helm", "Build Environment".
    """
    if not Path(root, path, CHART).is_file():
        raise RenderError(
            f"{path}: holds no {CHART}; name a chart's folder in {declared_at}.path or remove {declared_at}.helm",
            field=f"{declared_at}.path",
        )
    environment = environment or BuildEnvironment(app_name=release, namespace=namespace, path=path)
    named = HelmFiles(root, path, refs, environment, declared_at)
    named.depends.add(path)
    files = named.value_files(options)
    parameter_files = [
        (each.name, named.parameter_file(each.value, f"{declared_at}.helm.fileParameters[{index}]"))
        for index, each in enumerate(options.file_parameters)
    ]
    taken = take(root, path, charts, named.depends, pass_credentials=options.pass_credentials)
    depends = reachable(root, named.depends)
    chart = assembled(root, path, taken.folders, scratch / "chart") if taken.folders else f"{root}/{path}"
    names = {os.fspath(scratch / "chart"): path, **{os.fspath(refs[ref].absolute()): f"${ref}" for ref in named.lent}}
    if opening is not None:
        told = _told((*files, *(file for _, file in parameter_files)), root, refs)
        plain = opening.files(told, scratch, told)
        names |= {placed: told[file] for file, placed in plain.items()}
        files = [plain.get(file, file) for file in files]
        parameter_files = [(name, plain.get(file, file)) for name, file in parameter_files]
    arguments = [tool, "template", "--dry-run=client"]
    warnings = list(taken.warnings)
    schema = reaches_out(root, depends)
    for folder in taken.fetched:
        schema = schema or reaches_out(folder, ["."])
    if schema or options.skip_schema_validation:
        arguments.append("--skip-schema-validation")
    if schema and not options.skip_schema_validation:
        warnings.append(f"{schema}: refers to other schemas, which are not fetched: the values were not checked")
    arguments += _facts(options, namespace, kube_version, api_versions)
    if values := _values(options):
        file = scratch / "values.yaml"
        file.write_text(values, encoding="utf-8")
        files.append(os.fspath(file))
        names[os.fspath(file)] = f"{declared_at}.helm.{'values' if options.values_object is None else 'valuesObject'}"
    arguments += [f"--values={_quoted(file)}" for file in files]
    for parameter in options.parameters:
        flag = "--set-string" if parameter.force_string else "--set"
        arguments.append(f"{flag}={parameter.name}={_escaped(environment.substitute(parameter.value))}")
    arguments += [f"--set-file={name}={_escaped(file)}" for name, file in parameter_files]
    arguments += ["--", options.release_name or release, chart]
    what, advice = f"helm template {path}", f"correct the chart, or what {declared_at}.helm gives it"
    try:
        output = run(arguments, what=what, advice=advice, checkout=root, scratch=scratch, timeout=timeout, names=names)
    except RenderError as error:
        raise _explained(error, root, path) from error.__cause__
    return Found(list(_documents(output, path)), depends, warnings, named.lent, list(taken.uses))


def _told(files: Iterable[str], root: Path, refs: Mapping[str, Path]) -> dict[str, str]:
    """What to call files by their absolute paths: as the source names them from the root of its or another checkout."""
    roots = {f"{root}/": "", **{f"{lender.absolute()}/": f"${ref}/" for ref, lender in refs.items()}}
    return {
        file: next((name + file.removeprefix(start) for start, name in roots.items() if file.startswith(start)), file)
        for file in files
    }


def _facts(options: HelmOptions, namespace: str, kube_version: str, api_versions: Sequence[str]) -> Iterator[str]:
    """What the chart is told of the release and the cluster; the source's own words win."""
    if options.namespace or namespace:
        yield f"--namespace={options.namespace or namespace}"
    if options.kube_version or kube_version:
        yield f"--kube-version={options.kube_version or kube_version}"
    if options.api_versions or api_versions:
        yield f"--api-versions={','.join(options.api_versions or api_versions)}"
    yield "--skip-crds" if options.skip_crds else "--include-crds"
    if options.skip_tests:
        yield "--skip-tests"


def _explained(error: RenderError, root: Path, path: str) -> RenderError:
    _, marker, names = error.message.partition("missing in charts/ directory: ")
    if not marker:
        return RenderError(_HELMS_ADVICE.sub("", error.message))
    sources = {each.name: each.repository for each in declared(root, path)}
    missing = [name.strip() for name in names.splitlines()[0].partition(";")[0].split(",")]
    listed = ", ".join(f"{name} from {sources[name]}" if sources.get(name) else name for name in missing)
    return RenderError(
        f"{posixpath.normpath(f'{path}/{CHART}')}: the chart needs {listed}, which is not in its charts folder: run "
        f"`helm dependency build {path}` and commit the charts folder"
    )


def _values(options: HelmOptions) -> str:
    if options.values_object is not None:
        return json.dumps(options.values_object)
    return options.values


def _quoted(file: str) -> str:
    """One field of the comma-separated list that Helm reads from `--values`."""
    return '"' + file.replace('"', '""') + '"' if any(mark in file for mark in ',"\n') else file


def _escaped(value: str) -> str:
    """A parameter's value for `--set`: commas would begin the next one, except in a `{list}`."""
    return value if value.startswith("{") and value.endswith("}") else _BARE_COMMA.sub(r"\\,", value)


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
