"""What commits and branches are called: Go templates, as Image Updater's users have them.

`git.commit-message-template` gets `.AppName` and `.AppChanges` (each with `.Image`, `.OldTag`, `.NewTag`, `.Labels`), a
branch's template `.Images` (`.Name`, `.Alias`, `.OldTag`, `.NewTag`), `.SHA256`, `.TargetKey`, `.AppNamespace` and
`.AppName`. Source: Image Updater, "Update methods". A commit for several applications has a line that says how many,
and below it what each one's own message would have been.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.writeback.updates import Destination, Style, Update, checked_branch

__all__ = ["Ask", "branch_names", "commit_message"]

Ask = Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]
"""`GoKit.ask`."""

_TEMPLATE_FIELD: Final = "git.commit-message-template"
_USUAL: Final = """build: automatic update of {{ .AppName }}

{{ range .AppChanges -}}
updates image {{ .Image }} tag '{{ .OldTag }}' to '{{ .NewTag }}'
{{ end -}}
"""


def commit_message(updates: Sequence[Update], style: Style, ask: Ask) -> str:
    """The message of a commit for these applications. Raises `ConfigurationError` for a template that fails."""
    params = [
        {
            "AppName": each.name,
            "AppNamespace": each.namespace,
            "AppChanges": [
                {"Image": one.image, "OldTag": one.old, "NewTag": one.new, "Labels": dict(one.labels)}
                for one in each.images
            ],
        }
        for each in updates
    ]
    messages = [each.strip() for each in _rendered(style.template or _USUAL, params, ask, _TEMPLATE_FIELD)]
    if len(messages) > 1:
        messages.insert(0, f"build: automatic update of {len(messages)} applications")
    if style.sign_off:
        messages.append(f"Signed-off-by: {style.by.name} <{style.by.email}>")
    text = "\n\n".join(messages)
    if not text.strip():
        raise ConfigurationError("makes an empty message; write some words", field=_TEMPLATE_FIELD)
    return text


def branch_names(template: str, destination: Destination, updates: Sequence[Update], ask: Ask) -> list[str]:
    """The branch that each update is written to, by a template. Raises `ConfigurationError`."""
    if "{{" not in template:
        return [checked_branch(template)] * len(updates)
    params = [
        {
            "AppNamespace": each.namespace,
            "AppName": each.name,
            "SHA256": _digest("".join(f"{one.image}-{one.old}-{one.new}," for one in each.images)),
            "TargetKey": _digest("\n".join((destination.url, destination.base, *(one.path for one in each.edits))))[:8],
            "Images": [
                {"Name": one.image, "Alias": one.alias, "OldTag": one.old, "NewTag": one.new} for one in each.images
            ],
        }
        for each in updates
    ]
    return [checked_branch(name) for name in _rendered(template, params, ask, "git-branch")]


def _rendered(template: str, params: list[dict[str, Any]], ask: Ask, where: str) -> list[str]:
    (answer,) = ask([{"verb": "template", "tree": template, "params": params}])
    if "error" in answer:
        raise ConfigurationError(f"is no template that renders: {answer['error']}", field=where)
    for result in answer["results"]:
        if result.get("error"):
            raise ConfigurationError(f"is no template that renders: {result['error']}", field=where)
    return [str(result["tree"]) for result in answer["results"]]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
