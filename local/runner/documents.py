"""YAML with CloudFormation's tags, as plain JSON-like values.

`!Ref X` becomes `{"Ref": "X"}` and `!GetAtt A.B` becomes `{"Fn::GetAtt": ["A", "B"]}`, so everything after this module
sees one spelling only. Nothing is evaluated here. Timestamps stay strings, as CloudFormation reads them: a policy's
`Version: 2012-10-17` is not a date.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

__all__ = ["Json", "TemplateError", "read_template"]

Json = Any
"""A value as JSON has them; checked where it is used, since a template is the edge where data comes in."""


class TemplateError(Exception):
    """The template says something that can't be run here; the message names where."""


class _Loader(yaml.SafeLoader):
    """A safe loader of its own, so that no other user of PyYAML sees our tags."""


def _construct_tag(loader: _Loader, suffix: str, node: yaml.Node) -> Json:
    value: Json
    if isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_scalar(node)  # type: ignore[arg-type]
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


def _construct_text(loader: _Loader, node: yaml.Node) -> Json:
    return loader.construct_scalar(node)  # type: ignore[arg-type]


_Loader.add_multi_constructor("!", _construct_tag)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _construct_text)


def read_template(path: Path) -> dict[str, Json]:
    """The template as a mapping, its tags in the long form; raises `TemplateError`.

    Rule: AWS CloudFormation User Guide, "Intrinsic function reference".
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise TemplateError(f"{path}: cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise TemplateError(f"{path}: is not valid YAML: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise TemplateError(f"{path}: has no Resources")
    return document
