"""What is said about a commit, whichever code host says it: a status, and a deployment. Pure.

Fields of templates are those of Argo CD's page "GitHub": `repoURLPath`, `revisionPath`, `status` (`state`, `label`,
`targetURL`) and `deployment` (`state`, `environment`, `environmentURL`, `logURL`). Without a template the state follows
from what has happened, and there is a deployment where the service's settings name an `environment`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mooring.notify.message import Rendered, Tone, shortened

__all__ = ["Said", "said_of"]

_DESCRIPTION: Final = 140  # characters (GitHub, "Create a commit status")
_SHA = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True, slots=True)
class Said:
    """A status `state` (pending, success or failure, or as a template says) of a commit, under a `label`; `environment`
    is empty for no deployment, `status` false for no status.
    """

    repository: str
    commit: str
    state: str
    label: str
    description: str
    target: str
    environment: str = ""
    environment_url: str = ""
    status: bool = True


_STATES: Final[Mapping[Tone, str]] = {"good": "success", "bad": "failure", "running": "pending", "info": ""}


def said_of(kind: str, config: Mapping[str, Any], rendered: Rendered) -> Said | None:
    """What a message says about a commit; None where it is about none (an application from a chart, an outage)."""
    own, summary = rendered.section(kind), rendered.summary
    status = own.get("status") if isinstance(own.get("status"), Mapping) else {}
    deployment = own.get("deployment") if isinstance(own.get("deployment"), Mapping) else {}
    assert isinstance(status, Mapping)
    assert isinstance(deployment, Mapping)
    repository = str(own.get("repoURLPath") or summary.repository)
    commit = str(own.get("revisionPath") or summary.revision).split(",")[0]
    state = str(status.get("state") or deployment.get("state") or _STATES[summary.tone])
    if not repository or not _SHA.fullmatch(commit) or not state:
        return None
    link = next((url for _, url in summary.links), "")
    return Said(
        repository,
        commit,
        state,
        str(status.get("label") or f"continuous-delivery/{summary.application.partition('/')[2]}"),
        shortened(rendered.message.replace("\n", " ") if rendered.sections else summary.title, _DESCRIPTION),
        str(status.get("targetURL") or deployment.get("logURL") or link),
        str(deployment.get("environment") or config.get("environment") or ""),
        str(deployment.get("environmentURL") or ""),
        bool(status) or not deployment,
    )
