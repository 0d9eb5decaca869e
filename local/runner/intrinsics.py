"""What `!Ref`, `!Sub`, `!If` and their kin stand for.

`resolve` walks a value and replaces every intrinsic function by what it means in a scope: parameters, conditions and
mappings of one template, and the resources that it names. Resources are asked for by name while walking, so whoever
provides the scope creates them in the right order without sorting anything: the first `!Ref` of a queue creates it.

Only functions that a template here has a use for are known; another one is an error, never a silent `None`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from local.runner.documents import Json, TemplateError

__all__ = ["Parameters", "Scope", "holds", "read_parameters", "resolve"]

Parameters = Mapping[str, str | list[str]]

_NO_VALUE = object()
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")


class Scope(Protocol):
    """What a name can mean. `ref` and `attribute` raise `TemplateError` for a name that doesn't exist."""

    @property
    def template(self) -> Mapping[str, Json]:
        """The whole template."""

    @property
    def parameters(self) -> Parameters:
        """Each parameter's value."""

    @property
    def pseudo(self) -> Mapping[str, str]:
        """Pseudo parameters, such as `AWS::Region`."""

    def ref(self, name: str) -> str:
        """What `!Ref` of a resource gives."""

    def attribute(self, name: str, attribute: str) -> str:
        """What `!GetAtt` of a resource gives."""


def read_parameters(template: Mapping[str, Json], overrides: Mapping[str, str]) -> dict[str, str | list[str]]:
    """Each parameter's value: an override, else its default. Lists are split, everything else is text.

    Raises `TemplateError` for an override that the template doesn't declare, a missing value and one that its
    AllowedValues or AllowedPattern refuse. Rule: AWS CloudFormation User Guide, "Parameters".
    """
    declared: dict[str, Json] = template.get("Parameters") or {}
    if unknown := sorted(set(overrides) - set(declared)):
        raise TemplateError(f"Parameters.{unknown[0]}: is not declared; the template has {', '.join(sorted(declared))}")
    values: dict[str, str | list[str]] = {}
    for name, declaration in declared.items():
        given = overrides.get(name, declaration.get("Default"))
        if given is None:
            raise TemplateError(f"Parameters.{name}: has no default and no value was given")
        text = _text(given)
        allowed = declaration.get("AllowedValues")
        if allowed is not None and text not in [_text(value) for value in allowed]:
            raise TemplateError(f"Parameters.{name}: must be one of {', '.join(map(_text, allowed))}")
        pattern = declaration.get("AllowedPattern")
        if pattern is not None and not re.fullmatch(pattern, text):
            raise TemplateError(f"Parameters.{name}: must match {pattern}")
        is_list = declaration.get("Type", "String").startswith(("CommaDelimitedList", "List<"))
        values[name] = [part.strip() for part in text.split(",")] if is_list else text
    return values


def resolve(value: Json, scope: Scope) -> Json:
    """The value with every intrinsic function replaced; entries that are `AWS::NoValue` are left out.

    Raises `TemplateError`. Rule: AWS CloudFormation User Guide, "Intrinsic function reference".
    """
    resolved = _resolve(value, scope)
    return None if resolved is _NO_VALUE else resolved


def holds(name: str, scope: Scope) -> bool:
    """Whether the condition of this name is met; raises `TemplateError` if there is none."""
    conditions: dict[str, Json] = scope.template.get("Conditions") or {}
    if name not in conditions:
        raise TemplateError(f"Conditions.{name}: is not declared")
    return _truth(conditions[name], scope)


def _resolve(value: Json, scope: Scope) -> Json:
    if isinstance(value, list):
        return [item for item in (_resolve(entry, scope) for entry in value) if item is not _NO_VALUE]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, argument),) = value.items()
        if key in _FUNCTIONS:
            return _FUNCTIONS[key](argument, scope)
        if isinstance(key, str) and key.startswith("Fn::"):
            raise TemplateError(f"{key}: this intrinsic function is not known to the local runner")
    pairs = ((key, _resolve(entry, scope)) for key, entry in value.items())
    return {key: entry for key, entry in pairs if entry is not _NO_VALUE}


def _ref(name: Json, scope: Scope) -> Json:
    if name == "AWS::NoValue":
        return _NO_VALUE
    if name in scope.pseudo:
        return scope.pseudo[name]
    if name in scope.parameters:
        return scope.parameters[name]
    return scope.ref(name)


def _get_att(argument: Json, scope: Scope) -> Json:
    name, attribute = argument
    return scope.attribute(name, _text(_resolve(attribute, scope)))


def _sub(argument: Json, scope: Scope) -> str:
    text, names = (argument, {}) if isinstance(argument, str) else argument

    def replace(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return "${" + name + "}"
        if name in names:
            return _text(_resolve(names[name], scope))
        if "." in name:
            return scope.attribute(*name.split(".", 1))
        return _text(_ref(name, scope))

    return _PLACEHOLDER.sub(replace, text)


def _join(argument: Json, scope: Scope) -> str:
    separator, parts = argument
    return str(separator).join(_text(part) for part in _resolve(parts, scope))


def _split(argument: Json, scope: Scope) -> list[str]:
    separator, text = argument
    return _text(_resolve(text, scope)).split(separator)


def _select(argument: Json, scope: Scope) -> Json:
    index, parts = argument
    return _resolve(parts, scope)[int(_resolve(index, scope))]


def _find_in_map(argument: Json, scope: Scope) -> Json:
    name, top, second = (_text(_resolve(part, scope)) for part in argument[:3])
    try:
        return scope.template["Mappings"][name][top][second]
    except KeyError as error:
        raise TemplateError(f"Mappings.{name}.{top}.{second}: does not exist") from error


def _if(argument: Json, scope: Scope) -> Json:
    condition, then, otherwise = argument
    return _resolve(then if holds(condition, scope) else otherwise, scope)


def _truth(value: Json, scope: Scope) -> bool:
    ((key, argument),) = value.items()
    if key == "Condition":
        return holds(argument, scope)
    if key == "Fn::Equals":
        left, right = (_resolve(part, scope) for part in argument)
        return bool(_text(left) == _text(right))
    if key == "Fn::Not":
        return not _truth(argument[0], scope)
    if key == "Fn::And":
        return all(_truth(part, scope) for part in argument)
    if key == "Fn::Or":
        return any(_truth(part, scope) for part in argument)
    raise TemplateError(f"{key}: is not a condition function")


def _text(value: Json) -> str:
    """A value as CloudFormation writes it into text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_text(part) for part in value)
    return str(value)


_FUNCTIONS: Mapping[str, Callable[[Json, Scope], Json]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::FindInMap": _find_in_map,
    "Fn::If": _if,
}
