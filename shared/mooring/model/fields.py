"""Reading what a user declared: strictly, once, with the path of what is wrong.

A `Fields` wraps one mapping of a decoded document. Every read checks the type and remembers that the field was asked
for, so that `close()` can tell the rest apart: fields that Argo CD knows and Mooring can't honour yet are errors,
because acting without them would do something else than the user asked; fields that nobody knows are warnings, because
Argo CD's own API server would have pruned them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mooring.errors import ConfigurationError

__all__ = ["Fields"]

_NAMES = {dict: "a mapping", list: "a list", str: "a string", bool: "true or false", int: "a whole number"}


def _name_of(value: object) -> str:
    if value is None:
        return "nothing"
    for kind in (bool, int, str, dict, list):
        if isinstance(value, kind):
            return _NAMES[kind]
    return type(value).__name__


class Fields:
    """One mapping being read. `path` is its dotted path; warnings are shared by a whole document."""

    __slots__ = ("_asked", "_value", "path", "warnings")

    def __init__(self, value: object, path: str, warnings: list[str]) -> None:
        if not isinstance(value, dict):
            raise ConfigurationError(f"must be a mapping, not {_name_of(value)}", field=path or "document")
        self._value: dict[str, Any] = value
        self._asked: set[str] = set()
        self.path = path
        self.warnings = warnings

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def error(self, name: str, message: str) -> ConfigurationError:
        """An error about the field `name`, to be raised."""
        return ConfigurationError(message, field=self._at(name))

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._value.get(name) is not None

    def _take(self, name: str, kind: type, default: Any) -> Any:
        self._asked.add(name)
        value = self._value.get(name)
        if value is None:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(name, f"must be {_NAMES[kind]}, not {_name_of(value)}")
        return value

    def text(self, name: str, default: str = "") -> str:
        """A string; raises `ConfigurationError` for any other type."""
        value: str = self._take(name, str, default)
        return value

    def required_text(self, name: str) -> str:
        """A string that must be there and not be empty."""
        value = self.text(name)
        if not value:
            raise self.error(name, "must not be empty")
        return value

    def boolean(self, name: str, default: bool) -> bool:
        """True or false; a quoted "true" is a string and refused."""
        value: bool = self._take(name, bool, default)
        return value

    def integer(self, name: str, default: int) -> int:
        """A whole number."""
        value: int = self._take(name, int, default)
        return value

    def number_text(self, name: str) -> str:
        """A whole number, or a string that is meant to hold one, as a string; empty where it is absent."""
        value = self._value.get(name)
        if isinstance(value, str):
            return self.text(name)
        return str(self.integer(name, 0)) if self.has(name) else ""

    def mapping(self, name: str) -> Fields | None:
        """A nested mapping, or None where it is absent."""
        value = self._take(name, dict, None)
        return None if value is None else Fields(value, self._at(name), self.warnings)

    def raw(self, name: str) -> object:
        """Whatever stands there, for fields that take more than one type; None where it is absent."""
        self._asked.add(name)
        return self._value.get(name)

    def raw_mapping(self, name: str) -> Mapping[str, Any] | None:
        """A mapping whose content is the user's own (Helm values, for example)."""
        value: Mapping[str, Any] | None = self._take(name, dict, None)
        return value

    def raw_list(self, name: str) -> tuple[Any, ...]:
        """A list whose elements are the user's own (elements of a list generator, for example)."""
        values: Sequence[Any] = self._take(name, list, ())
        return tuple(values)

    def number_or_text(self, name: str) -> int | str | None:
        """A whole number or a string (Kubernetes' `IntOrString`: `2`, `"25%"`), None where it is absent."""
        value = self._value.get(name)
        if isinstance(value, str):
            return self.text(name)
        return self.integer(name, 0) if value is not None else self._take(name, int, None)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        values: Sequence[object] = self._take(name, list, ())
        for index, value in enumerate(values):
            if not isinstance(value, str):
                raise self.error(f"{name}[{index}]", f"must be a string, not {_name_of(value)}")
        return tuple(value for value in values if isinstance(value, str))

    def mappings(self, name: str) -> Iterator[Fields]:
        """A list of mappings."""
        values: Sequence[object] = self._take(name, list, ())
        for index, value in enumerate(values):
            yield Fields(value, f"{self._at(name)}[{index}]", self.warnings)

    def text_map(self, name: str) -> dict[str, str]:
        """A mapping of strings to strings (labels, annotations)."""
        values: Mapping[str, object] = self._take(name, dict, {})
        for key, value in values.items():
            if not isinstance(value, str):
                raise self.error(f"{name}[{key}]", f"must be a string, not {_name_of(value)}")
        return {key: value for key, value in values.items() if isinstance(value, str)}

    def ignore(self, *names: str) -> None:
        """Fields that are rightly there and mean nothing to Mooring (`status`, for example)."""
        self._asked.update(names)

    def not_yet(self, *names: str) -> None:
        """Fields of Argo CD that Mooring can't honour yet: an error where one is set."""
        for name in names:
            self._asked.add(name)
            value = self._value.get(name)
            if value not in (None, "", False, [], {}):
                raise self.error(
                    name, "is a field of Argo CD that Mooring does not support yet; remove it to use this application"
                )

    def close(self) -> None:
        """Warns of every field that nobody asked for."""
        for name in self._value:
            if name not in self._asked:
                self.warnings.append(f"{self._at(str(name))}: unknown field, ignored")
