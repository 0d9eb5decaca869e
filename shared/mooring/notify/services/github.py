"""GitHub: the status of the commit that was deployed, and a deployment.

Pages: GitHub REST API, "Create a commit status" (the last one of a context counts), "Create a deployment", "List
deployments", "Create a deployment status". It is asked as whoever is registered for the repository (a token or a
GitHub App); an App that the settings name as Argo CD's do (`appID` …) is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.forge.rest import segment
from mooring.notify.message import Receipt, Rendered, Sending, Service
from mooring.notify.services.commits import Said, said_of

__all__ = ["SERVICE"]

_PRODUCTION: Final = "production"


def _deliver(
    config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending
) -> Receipt | None:
    said = said_of("github", config, rendered)
    if said is None:
        return previous
    found = sending.forge(said.repository)
    if found is None or found[0].kind != "github":
        raise ConfigurationError(
            "is no repository on GitHub with a token or App registered for it; use `mooring repo add`",
            field="repository", subject=said.repository,
        )  # fmt: skip
    place, rest = found
    base = f"/repos/{segment(place.owner)}/{segment(place.name)}"
    if said.status:
        status = {"state": said.state, "context": said.label, "description": said.description}
        rest.send("POST", f"{base}/statuses/{said.commit}", status | _given(target_url=said.target))
    if not said.environment:
        return previous
    number = _deployment(rest, base, said)
    state = "in_progress" if said.state == "pending" else said.state
    body = {"state": state, "description": said.description, "auto_inactive": True}
    more = _given(log_url=said.target, environment_url=said.environment_url)
    rest.send("POST", f"{base}/deployments/{number}/statuses", body | more)
    return {"deployment": str(number)}


def _deployment(rest: Any, base: str, said: Said) -> int:
    """The deployment of this commit to this environment: the one that is there, or a new one."""
    asked = {"sha": said.commit, "environment": said.environment, "task": "deploy", "per_page": 1}
    there = rest.required(f"{base}/deployments", "list of deployments", **asked).body
    if there:
        return int(there[0]["id"])
    body = {
        "ref": said.commit,
        "environment": said.environment,
        "auto_merge": False,
        "required_contexts": [],
        "description": said.description,
        "production_environment": said.environment == _PRODUCTION,
    }
    return int(rest.send("POST", f"{base}/deployments", body).body["id"])


def _given(**fields: str) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value.startswith(("https://", "http://"))}


SERVICE: Final = Service(_deliver, idempotent=True)
