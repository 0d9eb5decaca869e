"""How an answer leaves the command: JSON exactly as the API gave it, YAML of the same, names, or text for a person.

Text is coloured where a person sees it on a terminal, and plain, aligned and the same every time where a program reads
it: in a pipe, or with `NO_COLOR` set (no-color.org). Under `--watch` only what changed is printed again.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final

import click

from mooring.errors import ConfigurationError
from mooring_cli.tables import Page, Table, plain

__all__ = ["FORMATS", "Output", "names_of", "on_terminal", "warn"]

FORMATS: Final = ("table", "wide", "json", "yaml", "name")
_NAMING: Final = ("name", "id", "url", "keyID", "fingerprint", "image", "chain")


class Output:
    """What `-o` asks for, and what a watching command has printed so far."""

    def __init__(self, form: str, *, watching: bool = False) -> None:
        self.form = form
        self._watching = watching
        self._before: Any = None
        self._rows: dict[str, list[str]] = {}

    @property
    def text(self) -> bool:
        """Whether a person reads it."""
        return self.form in {"table", "wide"}

    @property
    def wide(self) -> bool:
        """Whether nothing shall be left out."""
        return self.form == "wide"

    def emit(self, value: Any, text: Callable[[], Page]) -> None:
        """Prints `value` as `-o` asks; `text` makes the form for a person, only when it is wanted."""
        if self._watching:
            if value == self._before:
                return
            self._before = value
        if self.form == "json":
            print(json.dumps(value, indent=2, ensure_ascii=False))
        elif self.form == "yaml":
            import yaml

            separator = "---\n" if self._watching else ""
            print(separator, yaml.safe_dump(value, sort_keys=False, allow_unicode=True), sep="", end="")
        elif self.form == "name":
            print("\n".join(names_of(value)))
        else:
            self._show(text())

    def _show(self, page: Page) -> None:
        if on_terminal():
            from mooring_cli.terminal import show

            if self._watching:
                click.clear()
            show(page)
        elif self._watching and isinstance(page, Table):
            self._show_changes(page)
        else:
            print(plain(page))

    def _show_changes(self, table: Table) -> None:
        """The lines that are new or changed; a line that went is named once."""
        rows = {row[0]: row for row in table.cells()}
        changed = [row for name, row in rows.items() if self._rows.get(name) != row]
        told = plain(Table(table.headers, changed)) if changed or not self._rows else ""
        lines = told.splitlines()[1 if self._rows else 0 :] + [f"{name}  gone" for name in self._rows.keys() - rows]
        self._rows = rows
        if lines:
            print("\n".join(lines))


def on_terminal() -> bool:
    """Whether standard output is a terminal that shows colours, and nobody said otherwise."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def names_of(value: Any) -> list[str]:
    """What the things in an answer are called, as other commands take it. Raises `ConfigurationError` without names."""
    items = value.get("items") if isinstance(value, dict) else value
    return [_name_of(each) for each in (items if isinstance(items, list) else [value])]


def _name_of(item: Any) -> str:
    if isinstance(item, dict):
        metadata = item.get("metadata")
        if isinstance(metadata, dict) and metadata.get("name"):
            return "/".join(str(metadata[part]) for part in ("namespace", "name") if metadata.get(part))
        if item.get("namespace") and item.get("name") and "kind" not in item:
            return f"{item['namespace']}/{item['name']}"
        for key in _NAMING:
            if item.get(key) not in (None, ""):
                return str(item[key])
    raise ConfigurationError("has no name in it; take json or yaml", field="--output")


def warn(warnings: Iterable[object]) -> None:
    """Prints warnings where they don't disturb a pipe."""
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
