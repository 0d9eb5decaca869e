"""Label selectors as Kubernetes has them: `matchLabels` and `matchExpressions`.

Argo CD's ApplicationSets select clusters and parameters with them, and lift one rule: values may be any text, so that a
cluster's address can be matched (its page "Post Selector"). So nothing here checks how a value is spelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mooring.model.fields import Fields

__all__ = ["Requirement", "Selector", "parse_requirements", "parse_selector"]

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing asked of labels. `operator` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """NotIn holds where the label is absent (Kubernetes, "Labels and Selectors")."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return self.key not in labels or labels[self.key] not in self.values
            case "Exists":
                return self.key in labels
            case _:
                return self.key not in labels


@dataclass(frozen=True, slots=True)
class Selector:
    """All requirements have to hold; without any, everything is selected."""

    requirements: tuple[Requirement, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.requirements)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels are selected."""
        return all(each.holds(labels) for each in self.requirements)


def parse_selector(parent: Fields, name: str) -> Selector | None:
    """The selector in the field `name`, None where it is absent. Raises `ConfigurationError` with the path."""
    block = parent.mapping(name)
    if block is None:
        return None
    labels = tuple(Requirement(key, "In", (value,)) for key, value in block.text_map("matchLabels").items())
    selector = Selector(labels + parse_requirements(block, _OPERATORS))
    block.close()
    return selector


def parse_requirements(parent: Fields, operators: tuple[str, ...]) -> tuple[Requirement, ...]:
    """The `matchExpressions` of a block, of which only these operators are allowed."""
    requirements = []
    for block in parent.mappings("matchExpressions"):
        key, operator, values = block.required_text("key"), block.required_text("operator"), block.texts("values")
        if operator not in operators:
            raise block.error("operator", f"must be one of {', '.join(operators)}, not {operator!r}")
        if operator in {"In", "NotIn"} and not values:
            raise block.error("values", f"must not be empty with the operator {operator}")
        if operator in {"Exists", "DoesNotExist"} and values:
            raise block.error("values", f"must be empty with the operator {operator}")
        block.close()
        requirements.append(Requirement(key, operator, values))
    return tuple(requirements)
