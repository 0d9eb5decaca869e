"""How a cluster is at this moment: whether it answers, to whom, and how large it is.

Sweeps that find nothing write nothing, so nobody has on record when a cluster was looked at last: whoever wants to know
has it looked at. Four small requests: the version, who we are, and one object each of nodes and namespaces with the
count of the rest (Kubernetes documentation, "API Concepts", `remainingItemCount`). What can't be found out is an answer
too, with what to do about it. A breaker that is open is passed by, and left as it is: `look` writes nothing.
"""

from __future__ import annotations

from typing import Any, Final

from mooring.cluster.client import ApiServer
from mooring.cluster.examining import whoami
from mooring.cluster.observe import METADATA_ONLY
from mooring.errors import ForbiddenError, MooringError, TransientError
from mooring.flows.looking.ports import LookPorts

__all__ = ["show_cluster_health"]

_COUNTED: Final = ("nodes", "namespaces")


def show_cluster_health(ports: LookPorts, name: str) -> dict[str, Any]:
    """`state` is `answers`, `refused` (it does not take our login), `unreachable` or `unusable` (its registration).

    Counts are null where they may not be read; `message` says what is wrong and `next` what to do, both empty where
    nothing is. Raises `ConfigurationError` for a cluster that is not registered.
    """
    began = ports.clock()
    told: dict[str, Any] = {"user": "", "version": "", **dict.fromkeys(_COUNTED), "message": "", "next": ""}
    cluster = ports.targets.named(name)
    try:
        server = ports.targets.opened(ports.targets.reach(cluster, probing=True)).server
        told["version"] = _version(server)
        told["user"] = whoami(server)
        told |= {kind: _count(server, kind) for kind in _COUNTED}
        state = "answers"
    except TransientError as error:
        state, told["message"] = "unreachable", error.message
        told["next"] = (
            f"`mooring cluster doctor {name}` says which step fails. Each sweep tries it again, as does registering "
            "it anew."
        )
    except ForbiddenError as error:
        state, told["message"] = "refused", error.message
        told["next"] = (
            f"Register it again with a login that counts: `mooring cluster add {name} …` (docs/clusters.md). On EKS "
            "the function look needs an access entry of its own, for LookRoleArn (docs/look.md)."
        )
    except MooringError as error:
        state, told["message"] = "unusable", str(error)
        told["next"] = f"Correct what is registered: `mooring cluster add {name} …` (docs/clusters.md)."
    return {"state": state, "at": began, "milliseconds": round((ports.clock() - began) * 1000), **told}


def _version(server: ApiServer) -> str:
    body = server.request("GET", "/version").body
    return str(body.get("gitVersion") or "") if isinstance(body, dict) else ""


def _count(server: ApiServer, kind: str) -> int | None:
    """How many there are; None where we may not list them."""
    try:
        body = server.request("GET", f"/api/v1/{kind}", {"limit": "1"}, headers={"Accept": METADATA_ONLY}).body
    except ForbiddenError:
        return None
    if not isinstance(body, dict):
        return None
    more = (body.get("metadata") or {}).get("remainingItemCount")
    return len(body.get("items") or []) + (more if isinstance(more, int) else 0)
