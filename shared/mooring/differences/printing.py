"""YAML as people like to read it in a diff: keys sorted, long texts as blocks, nothing folded.

PyYAML is imported where text is made, since most of what this package does makes none.
"""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["as_yaml"]


def as_yaml(value: Any) -> str:
    """One JSON value as a YAML document that ends with a line break."""
    import yaml

    text: str = yaml.dump(
        value, Dumper=_dumper(), default_flow_style=False, allow_unicode=True, sort_keys=True, width=1 << 20
    )
    return text.removesuffix("...\n")


@cache
def _dumper() -> Any:
    import yaml
    from yaml.cyaml import CSafeDumper

    class Dumper(CSafeDumper):
        """Says each thing where it stands: no anchors, and texts of several lines as blocks."""

        def ignore_aliases(self, _data: object) -> bool:
            """Shared parts are written out again."""
            return True

    def text(dumper: Any, value: str) -> yaml.ScalarNode:
        node: yaml.ScalarNode = dumper.represent_scalar(
            "tag:yaml.org,2002:str", value, style="|" if "\n" in value else None
        )
        return node

    Dumper.add_representer(str, text)
    return Dumper
