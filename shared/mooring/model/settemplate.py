"""The template of an ApplicationSet's applications, and how a generator's own template is laid over it.

A template is an Application whose strings are templates, so its `spec` is checked only once it is rendered; here just
the shape and the few fields of its metadata are (Argo CD, "Templates" of ApplicationSets).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mooring.model.fields import Fields

__all__ = ["ANY_PROJECT", "SetTemplate", "parse_set_template", "project_of_set"]

ANY_PROJECT = "*"
_METADATA = ("name", "namespace", "labels", "annotations", "finalizers")


@dataclass(frozen=True, slots=True)
class SetTemplate:
    """`metadata` and `spec` as they were written."""

    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]

    def over(self, base: SetTemplate) -> SetTemplate:
        """This template, with what it leaves empty taken from the base; lists are not joined."""
        return SetTemplate(_filled(self.metadata, base.metadata), _filled(self.spec, base.spec))


def parse_set_template(parent: Fields, name: str) -> SetTemplate | None:
    """The template in the field `name`, None where it is absent. Raises `ConfigurationError` with the path."""
    block = parent.mapping(name)
    if block is None:
        return None
    metadata: Mapping[str, Any] = {}
    if (given := block.mapping("metadata")) is not None:
        given.text("name")
        given.text("namespace")
        given.text_map("labels")
        given.text_map("annotations")
        given.texts("finalizers")
        given.close()
        raw = block.raw_mapping("metadata") or {}
        metadata = {key: raw[key] for key in _METADATA if raw.get(key) is not None}
    spec = block.raw_mapping("spec") or {}
    block.close()
    return SetTemplate(metadata, spec)


def project_of_set(document: Mapping[str, Any]) -> str:
    """The project that all applications of a declared set are in; `*` where it is made up, or another for some of them.

    A generator's own template goes over the set's, its project included, so that counts as well: who may declare sets
    in one project must not reach another by it.
    """
    spec = _mapping(document.get("spec"))
    project = _project_of(spec)
    if not project or "{{" in project:
        return ANY_PROJECT
    generators = spec.get("generators")
    for generator in generators if isinstance(generators, list) else ():
        for body in _mapping(generator).values():
            given = _mapping(_mapping(_mapping(body).get("template")).get("spec")).get("project")
            if given and given != project:
                return ANY_PROJECT
    return project


def _project_of(spec: Mapping[str, Any]) -> str:
    found = _mapping(_mapping(spec.get("template")).get("spec")).get("project")
    return found if isinstance(found, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _filled(own: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Argo CD merges by "empty is absent": false, 0 and empty text give way, too."""
    result = dict(own)
    for key, value in base.items():
        mine = result.get(key)
        if isinstance(mine, dict) and mine and isinstance(value, dict):
            result[key] = _filled(mine, value)
        elif not mine:
            result[key] = value
    return result
