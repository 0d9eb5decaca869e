"""Which fields an application's owner has put out of comparison: `spec.ignoreDifferences`, read strictly.

A rule says which objects it is about (group, kind, name, namespace) and which of their fields (JSON pointers, jq path
expressions, fields that a named manager owns). This module reads and checks the text; it refuses pointers that RFC 6901
doesn't allow, because Argo CD silently ignores nothing for them. jq programs are compiled where they are run
(`mooring.differences`), so that reading an application stays free of jq.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mooring.model.fields import Fields

__all__ = ["IgnoreRule", "parse_ignore_rules", "parse_pointer", "read_rule"]

_POINTER = re.compile(r"(/([^/~]|~[01])*)*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Fields of some objects that are not compared.

    `group` and `kind` are globs, and an empty `group` is the core group; `name` and `namespace` are exact, and empty
    for any. `where` is the path of the rule in what the user wrote (`spec.ignoreDifferences[0]`), for errors.
    """

    group: str
    kind: str
    name: str = ""
    namespace: str = ""
    json_pointers: tuple[str, ...] = ()
    jq_path_expressions: tuple[str, ...] = ()
    managed_fields_managers: tuple[str, ...] = ()
    where: str = field(default="", compare=False)


def parse_ignore_rules(spec: Fields) -> tuple[IgnoreRule, ...]:
    """The rules of an application's `spec`, in order (Argo CD, "Diff Customization").

    Raises `ConfigurationError` with the path of the first field that is wrong.
    """
    return tuple(_application_rule(block) for block in spec.mappings("ignoreDifferences"))


def _application_rule(block: Fields) -> IgnoreRule:
    kind = block.required_text("kind")
    return read_rule(block, block.text("group"), kind, block.text("name"), block.text("namespace"))


def read_rule(block: Fields, group: str, kind: str, name: str = "", namespace: str = "") -> IgnoreRule:
    """The three lists of fields in `block`, for these objects; warns where they are all empty."""
    pointers = block.texts("jsonPointers")
    for index, pointer in enumerate(pointers):
        if not _POINTER.fullmatch(pointer):
            raise block.error(
                f"jsonPointers[{index}]",
                f"{pointer!r} is not a JSON pointer (RFC 6901): begin it with '/', write '/' in a name as '~1' "
                "and '~' as '~0'",
            )
    expressions = block.texts("jqPathExpressions")
    for index, expression in enumerate(expressions):
        if not expression.strip():
            raise block.error(f"jqPathExpressions[{index}]", "must not be empty")
    managers = block.texts("managedFieldsManagers")
    block.close()
    if not (pointers or expressions or managers):
        block.warnings.append(
            f"{block.path}: ignores nothing: give jsonPointers, jqPathExpressions or managedFieldsManagers"
        )
    return IgnoreRule(group, kind, name, namespace, pointers, expressions, managers, block.path)


def parse_pointer(pointer: str) -> tuple[str, ...]:
    """The steps of a checked JSON pointer, unescaped: `/metadata/labels/a~1b` is `("metadata", "labels", "a/b")`."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
