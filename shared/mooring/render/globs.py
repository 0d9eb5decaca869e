"""The globs of `directory.include` and `directory.exclude`.

Argo CD matches them with gobwas/glob and names no separator, so `*` and `?` match slashes too: `*.yaml` is every YAML
file at any depth. Understood are `*`, `**`, `?`, `[abc]`, `[!a-z]`, `{one,two}` (nested as well) and a backslash
before a character that is meant as itself.
"""

from __future__ import annotations

import re

from mooring.errors import ConfigurationError

__all__ = ["compile_glob"]


def compile_glob(pattern: str, *, field: str) -> re.Pattern[str]:
    """A pattern to be used with `fullmatch` on a path relative to the source's folder, with `/` between its parts.

    Raises `ConfigurationError` for braces or brackets that don't close. Source: Argo CD, "Directory".
    """
    parts: list[str] = []
    depth = 0
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "*":
            if parts[-1:] != [".*"]:
                parts.append(".*")
        elif character == "?":
            parts.append(".")
        elif character == "\\" and position < len(pattern):
            parts.append(re.escape(pattern[position]))
            position += 1
        elif character == "[":
            end = pattern.find("]", position + (2 if pattern[position : position + 1] == "!" else 1))
            if end < 0:
                raise ConfigurationError(f"{pattern!r} opens a bracket that nothing closes: add ']'", field=field)
            parts.append(_class(pattern[position:end]))
            position = end + 1
        elif character == "{":
            depth += 1
            parts.append("(?:")
        elif character == "}" and depth:
            depth -= 1
            parts.append(")")
        elif character == "," and depth:
            parts.append("|")
        else:
            parts.append(re.escape(character))
    if depth:
        raise ConfigurationError(f"{pattern!r} opens a brace that nothing closes: add '}}'", field=field)
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error as error:
        raise ConfigurationError(f"{pattern!r} is not a glob: {error}", field=field) from error


def _class(inner: str) -> str:
    negated = inner.startswith("!")
    body = re.sub(r"[\\^\[&~|]", lambda match: "\\" + match[0], inner[1:] if negated else inner)
    return f"[{'^' if negated else ''}{body}]"
