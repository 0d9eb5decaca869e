"""What `app get` tells of changes by hand: whether they are put back, and which setting says so.

The project is read only where the application leaves it to its project.
"""

from __future__ import annotations

from typing import Any

from mooring.access.parsing import built_in, parse_project
from mooring.flows.rules.selfhealing import heals, who_decides
from mooring.state.records import Spec
from mooring.state.registry import Registry

__all__ = ["told_self_heal"]


def told_self_heal(registry: Registry, spec: Spec) -> dict[str, Any]:
    """`enabled` and `decidedBy`, as the API shows them in `status.selfHeal`."""
    application = spec.application
    if spec.paused is not None:
        return {"enabled": False, "decidedBy": f"the pause by {spec.paused.by}"}
    project = built_in()
    if application.automated is None and application.marks.self_heal is None:
        declared = registry.projects.document(application.project)
        project = project if declared is None else parse_project(declared).project
    return {"enabled": heals(application, project), "decidedBy": who_decides(application, project)}
