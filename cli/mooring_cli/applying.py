"""`mooring apply -f FILE`: whatever Mooring takes as a document, each to the place where it belongs."""

from __future__ import annotations

import sys
from typing import Any, Final

import click

from mooring.errors import ConfigurationError, MooringError
from mooring_cli.client import Api
from mooring_cli.documents import read_documents
from mooring_cli.frame import prints, verb
from mooring_cli.names import DEFAULT_NAMESPACE
from mooring_cli.output import Output, warn

__all__ = ["apply"]

FAILED = 1
# The path that takes a kind, and the field of the answer that holds what was declared.
_KINDS: Final = {
    "Application": ("applications", "application"),
    "AppProject": ("projects", "project"),
    "ApplicationSet": ("applicationsets", "applicationSet"),
    "Promotion": ("promotions", "promotion"),
    "ImageUpdater": ("imageupdaters", "imageUpdater"),
}


@verb("apply", "create or change Applications and what else is declared, from files")
@click.option("-f", "--filename", required=True, multiple=True, metavar="FILE",
              help="A YAML or JSON file, a folder of them, or - for standard input; may be repeated.")  # fmt: skip
@prints()
def apply(api: Api, out: Output, filename: tuple[str, ...]) -> int:
    """Sends every document, goes on after a bad one, and fails at the end if there was one."""
    applied: list[dict[str, Any]] = []
    failed = False
    for file in filename:
        for origin, document in read_documents(file):
            try:
                declared, warnings = _apply_one(api, document)
            except MooringError as error:
                failed = True
                print(f"error: {error} (in {origin})", file=sys.stderr)
                continue
            warn(warnings)
            applied.append(declared)
            if out.text:
                print(f"{_declared_name(declared)} applied")
    if not out.text:
        out.emit(applied[0] if len(applied) == 1 else {"apiVersion": "v1", "kind": "List", "items": applied}, str)
    return FAILED if failed else 0


def _apply_one(api: Api, document: dict[str, Any]) -> tuple[dict[str, Any], list[object]]:
    kind = document.get("kind")
    if kind not in _KINDS:
        advice = "only Applications, ApplicationSets, AppProjects, Promotions and ImageUpdaters can be applied"
        raise ConfigurationError(f"{kind!r}: {advice}" if kind else f"missing: {advice}", field="kind")
    path, field = _KINDS[kind]
    answer = api.call("POST", path, body=document)
    return answer.get(field) or document, answer.get("warnings") or []


def _declared_name(application: dict[str, Any]) -> str:
    metadata = application.get("metadata") or {}
    if application.get("kind") == "AppProject":
        return f"project {metadata.get('name')}"
    kind = str(application.get("kind") or "Application").lower()
    return f"{kind} {metadata.get('namespace') or DEFAULT_NAMESPACE}/{metadata.get('name')}"
