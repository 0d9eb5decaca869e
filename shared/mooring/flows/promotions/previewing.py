"""What a promotion would change in the manifests of its targets, for whoever reads the pull request.

Both sides are rendered by what renders applications, before and after, and nothing is applied: a revision that does not
render is told where it can still be mended. Secrets stay closed. Files of SOPS are not opened (the difference of an
application that needs them is left out), and of a Secret only hashes are shown, under a key that nobody keeps.
"""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace

from mooring.differences.printing import as_yaml
from mooring.differences.redaction import redacted
from mooring.errors import MooringError
from mooring.flows.promotions.carrying import Carried
from mooring.flows.promotions.ports import PromotionPorts
from mooring.flows.renders.building import build
from mooring.flows.renders.elsewhere import Reach
from mooring.flows.renders.following import declared_inputs, place_of, resolve
from mooring.flows.renders.tasks import context_of, now_of
from mooring.model.application import AppKey, Application, parse_application
from mooring.model.objects import Manifest
from mooring.source.urls import normalise
from mooring.state.records import Record
from mooring.state.registry import Known
from mooring.state.wanted import Input

__all__ = ["difference"]

_TRIED = 10  # targets whose difference is shown


def difference(
    ports: PromotionPorts, known: Known, carried: Carried, targets: Mapping[AppKey, Record], base: str, head: str
) -> str:
    """The differences as Markdown: a section for each target, of two commits of the repository that is written to."""
    told = []
    key = secrets.token_bytes(32)
    for app, record in list(targets.items())[:_TRIED]:
        try:
            lines = _changes(ports, known, carried, record, base, head, key)
        except MooringError as error:
            told.append(f"### {app}\n\nThe difference can't be shown: {error}\n")
            continue
        body = f"```diff\n{lines.replace('```', '` ` `')}```\n" if lines else "No object changes.\n"
        told.append(f"### {app}\n\n{body}")
    if len(targets) > _TRIED:
        told.append(f"… and {len(targets) - _TRIED} more applications\n")
    return "\n".join(told)


def _changes(
    ports: PromotionPorts, known: Known, carried: Carried, record: Record, base: str, head: str, key: bytes
) -> str:
    assert record.spec is not None
    before = record.spec.application
    after = _declared_then(before, [row for row in carried.expected if row[0] == str(record.key)])
    left = _rendered(ports, known, carried.url, before, (base, base), key)
    right = _rendered(ports, known, carried.url, after, (base, head), key)
    text: list[str] = []
    for name in sorted(left.keys() | right.keys()):
        if left.get(name) != right.get(name):
            old, new = left.get(name, "").splitlines(keepends=True), right.get(name, "").splitlines(keepends=True)
            text += difflib.unified_diff(old, new, f"{name} (now)", f"{name} (then)")
    return "".join(text)


def _declared_then(application: Application, rows: Iterable[tuple[str, int, str]]) -> Application:
    """The application as its manifest would declare it."""
    document = deepcopy(application.declared)
    for _, index, value in rows:
        spec = document["spec"]
        (spec["sources"][index] if "sources" in spec else spec["source"])["targetRevision"] = value
    return parse_application(document).application


def _rendered(
    ports: PromotionPorts, known: Known, url: str, application: Application, commits: tuple[str, str], key: bytes
) -> dict[str, str]:
    """Each object as text; the sources that follow the branch which is written to, whose newest commit is the first of
    `commits`, are read at the second.
    """
    base, sha = commits
    renders = ports.renders
    project = renders.registry.projects.find(application.project, known.projects)
    inputs = declared_inputs(application)
    found = resolve([place_of(each) for each in inputs], renders.repositories.latest, renders.charts)
    placed: list[Input] = []
    for each in inputs:
        answer = found[place_of(each)]
        if isinstance(answer, MooringError):
            raise answer
        mine = each.in_git and answer == base and normalise(each.url) == normalise(url) and not _pinned(each)
        placed.append(replace(each, revision=sha if mine else answer))
    built = build(
        renders.repositories,
        renders.charts,
        replace(renders.tools, sops=None),
        application,
        placed,
        context_of(application, known.clusters, project),
        reach=Reach(project, renders.repositories, renders.files, renders.registry.gpg_keys, now_of(renders)),
    )
    return {_named(each): as_yaml(redacted(each, key)) for each in built.objects}


def _pinned(given: Input) -> bool:
    """Whether a source names a commit rather than a branch, so that what lands on a branch does not reach it."""
    return len(given.target) == 40 and all(each in "0123456789abcdef" for each in given.target)


def _named(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    name = metadata.get("name") or f"{metadata.get('generateName')}*"
    return " ".join(each for each in (manifest["kind"], metadata.get("namespace") or "", str(name)) if each)
