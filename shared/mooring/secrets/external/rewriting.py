"""`dataFrom.rewrite`: other names for the keys, or the merge of JSON objects that the keys hold.

Regular expressions are Go's (RE2) and are evaluated by gokit, so that a target like `$1` means what it means to the
operator. Source: external-secrets.io, "Rewriting Keys in DataFrom".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import orjson

from mooring.errors import ConfigurationError
from mooring.model.externalsecret import MergeRewrite, RegexpRewrite, Rewrite, TransformRewrite
from mooring.secrets.external.jsonpaths import text_of
from mooring.secrets.external.templating import Templates
from mooring.secrets.external.values import fields_of

__all__ = ["matching", "rewrite"]

_REPLACE = "{{ mustRegexReplaceAll .source .value .target }}"
_MATCH = "{{ mustRegexMatch .source .value }}"


def rewrite(keys: Mapping[str, bytes], steps: Iterable[Rewrite], templates: Templates) -> dict[str, bytes]:
    """The keys after all steps, each of which sees what the one before it gave. Raises `ConfigurationError`."""
    result = dict(keys)
    for index, step in enumerate(steps):
        field = f"rewrite[{index}]"
        match step:
            case RegexpRewrite(source, target):
                given = [{"source": source, "target": target, "value": key} for key in result]
                result = _renamed(result, templates.each(_REPLACE, given, f"{field}.regexp"), field)
            case TransformRewrite(template):
                made = templates.each(template, [{"value": key} for key in result], f"{field}.transform")
                result = _renamed(result, made, field)
            case MergeRewrite():
                result = _merged(result, step, field)
    return result


def matching(names: Sequence[str], regexp: str, templates: Templates, field: str) -> list[str]:
    """The names that a regular expression fits somewhere. Raises `ConfigurationError` where it is none."""
    if not regexp:
        return list(names)
    answers = templates.each(_MATCH, [{"source": regexp, "value": name} for name in names], field)
    return [name for name, answer in zip(names, answers, strict=True) if answer == "true"]


def _renamed(keys: Mapping[str, bytes], names: Sequence[str], field: str) -> dict[str, bytes]:
    renamed: dict[str, bytes] = {}
    for name, value in zip(names, keys.values(), strict=True):
        if name in renamed:
            raise ConfigurationError(f"makes {name!r} of more than one key", field=field)
        renamed[name] = value
    return renamed


def _merged(keys: Mapping[str, bytes], step: MergeRewrite, field: str) -> dict[str, bytes]:
    """Keys without priority come first, in the order of their names; of the rest, later ones win."""
    missing = [key for key in step.priority if key not in keys]
    if missing and not step.ignore_missing:
        raise ConfigurationError(f"names {missing[0]!r}, which is not among the keys", field=f"{field}.merge.priority")
    merged: dict[str, str] = {}
    for key in [*sorted(keys.keys() - set(step.priority)), *(key for key in step.priority if key in keys)]:
        for name, raw in fields_of(keys[key], key).items():
            if name in merged and not step.ignore_conflicts:
                raise ConfigurationError(
                    f"{name!r} is in more than one of the secrets: rename one, or set conflictPolicy Ignore",
                    field=f"{field}.merge",
                )
            merged[name] = raw
    if step.as_json:
        inside = ",".join(f"{orjson.dumps(name).decode()}:{merged[name]}" for name in sorted(merged))
        return {**keys, step.into: f"{{{inside}}}".encode()}
    return {name: text_of(raw).encode() for name, raw in merged.items()}
