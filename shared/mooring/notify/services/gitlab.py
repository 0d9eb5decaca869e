"""GitLab: the status of the commit that was deployed, and a deployment.

Pages: GitLab REST API, "Commits" (Set commit pipeline status; one of the same name is changed), "Deployments" (create,
update, list). GitLab refuses to set a status that is set already (400, "Cannot transition status"), which is as good.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mooring.errors import ConfigurationError, RejectedError
from mooring.forge.rest import segment
from mooring.notify.message import Receipt, Rendered, Sending, Service
from mooring.notify.services.commits import said_of

__all__ = ["SERVICE"]

_STATES: Final = {"pending": "running", "failure": "failed", "error": "failed"}
_BRANCH: Final = "HEAD"


def _deliver(
    config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending
) -> Receipt | None:
    said = said_of("gitlab", config, rendered)
    if said is None:
        return previous
    found = sending.forge(said.repository)
    if found is None or found[0].kind != "gitlab":
        raise ConfigurationError(
            "is no project on GitLab with a token registered for it; use `mooring repo add`",
            field="repository", subject=said.repository,
        )  # fmt: skip
    place, rest = found
    base = f"/projects/{segment(f'{place.owner}/{place.name}')}"
    state = _STATES.get(said.state, said.state)
    if said.status:
        status = {"state": state, "name": said.label, "description": said.description}
        target = {"target_url": said.target} if said.target else {}
        try:
            rest.send("POST", f"{base}/statuses/{said.commit}", status | target)
        except RejectedError:
            if not _is_set(rest, base, said.commit, said.label, state):
                raise
    if not said.environment:
        return previous
    listed = rest.required(
        f"{base}/deployments", "deployments", environment=said.environment, order_by="id", sort="desc", per_page=20
    ).body
    there = next((each for each in listed if each["sha"] == said.commit), None)
    if there is None:
        body = {"environment": said.environment, "sha": said.commit, "ref": _BRANCH, "tag": False, "status": state}
        there = rest.send("POST", f"{base}/deployments", body).body
    elif there["status"] != state:
        rest.send("PUT", f"{base}/deployments/{there['id']}", {"status": state})
    return {"deployment": str(there["id"])}


def _is_set(rest: Any, base: str, commit: str, label: str, state: str) -> bool:
    answer = rest.get(f"{base}/repository/commits/{commit}/statuses", name=label)
    return answer is not None and any(each["status"] == state for each in answer.body)


SERVICE: Final = Service(_deliver, idempotent=True)
