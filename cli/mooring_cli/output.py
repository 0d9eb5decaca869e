"""How an answer leaves the command: JSON exactly as the API gave it, YAML of the same, or text for a person."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["add_output_option", "emit", "warn"]


def add_output_option(parser: argparse.ArgumentParser, *, wide: bool = False) -> None:
    """Gives a subcommand its `-o`."""
    formats = ["table", "json", "yaml", *(["wide"] if wide else [])]
    parser.add_argument("-o", "--output", choices=formats, default="table", help="how to print the answer")


def emit(args: argparse.Namespace, value: Any, text: Callable[[], str]) -> None:
    """Prints `value` as `-o` asks; `text` makes the form for a person, only when it is wanted."""
    if args.output == "json":
        print(json.dumps(value, indent=2, ensure_ascii=False))
    elif args.output == "yaml":
        import yaml

        print(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), end="")
    else:
        print(text())


def warn(warnings: Iterable[object]) -> None:
    """Prints warnings where they don't disturb a pipe."""
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
