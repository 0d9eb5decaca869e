"""Which promotions projects permit: asked at each look, so that a changed project counts at once.

A promotion belongs to a project and is about applications of that project. Where stages have projects of their own, the
project of an application has to name those whose promotions may be about it: whoever may declare promotions in one team
can otherwise write into what another one runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mooring.access.promotion import Promotion
from mooring.access.rules import namespace_allowed, source_allowed
from mooring.errors import ForbiddenError
from mooring.flows.rules.permitting import refuse
from mooring.model.application import AppKey
from mooring.state.projects import Projects
from mooring.state.records import Record
from mooring.state.registry import Known

__all__ = ["PROMOTED_FROM", "permit_promotion"]

PROMOTED_FROM: Final = "mooring.dev/promotions"
"""An annotation of a project: names of the projects whose promotions may be about its applications, too."""


def permit_promotion(projects: Projects, known: Known, promotion: Promotion, records: Mapping[AppKey, Record]) -> None:
    """Raises `ForbiddenError` where projects don't let a promotion be about these applications, or write where it
    says; `ConfigurationError` for a project that is not declared.
    """
    project = projects.find(promotion.project, known.projects)
    refuse(namespace_allowed(project, promotion.key.namespace))
    if promotion.manifest is not None:
        refuse(source_allowed(project, promotion.manifest.repo_url))
    for key, record in records.items():
        if record.spec is None or (theirs := record.spec.application.project) == promotion.project:
            continue
        annotations = projects.find(theirs, known.projects).declared["metadata"].get("annotations") or {}
        permitted = str(annotations.get(PROMOTED_FROM, "")).replace(",", " ").split()
        if promotion.project not in permitted:
            raise ForbiddenError(
                f"{key} is in project {theirs!r}, which does not let promotions of project {promotion.project!r} be "
                f"about it; name that one in its annotation {PROMOTED_FROM}",
                field="spec.project",
            )
