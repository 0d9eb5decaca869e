"""Whether what somebody changes by hand is put back: one question with one answer, wherever it is asked.

`syncPolicy.automated` answers it where it is on, as in Argo CD. Where it is off, Argo CD heals nothing, whatever
`selfHeal` beside `enabled: false` says (Argo CD, "Automated Sync Policy"), and so do we: people switch a sync off in
order to try something. Teams that release by hand and still want nobody to change what they released say so themselves,
with the annotation `mooring.dev/self-heal` on the Application, or for all of them on the AppProject.
"""

from __future__ import annotations

from mooring.access.project import Project
from mooring.model.application import Application
from mooring.model.options import SELF_HEAL

__all__ = ["heals", "who_decides"]


def heals(application: Application, project: Project) -> bool:
    """Whether changes by hand are put back."""
    if application.automated is not None:
        return application.automated.self_heal
    chosen = application.marks.self_heal
    return project.self_heal if chosen is None else chosen


def who_decides(application: Application, project: Project) -> str:
    """Which setting says whether changes by hand are put back."""
    if application.automated is not None:
        return "syncPolicy.automated.selfHeal"
    if application.marks.self_heal is not None:
        return f"annotation {SELF_HEAL}"
    return f"annotation {SELF_HEAL} of project {project.name}" if project.self_heal else "syncPolicy.automated is off"
