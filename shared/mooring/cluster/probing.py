"""One short question: is anybody there?

A request without an answer may be the fault of that request (a slow admission webhook, a large list). Before a
whole cluster counts as unreachable, it is asked for its version once, on a connection of its own, with little patience.
Whatever it answers, a refusal among it, shows that it is there.
"""

from __future__ import annotations

from mooring.cluster.auth import Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.trying import Waits
from mooring.errors import MooringError, UnreachableError

__all__ = ["why_unreachable"]

_WAITS = Waits(connect=3.0, answer=5.0, whole=6.0, tries=1)
_ADVICE = "; it is tried again"


def why_unreachable(connection: Connection) -> str:
    """Why nothing answers at this address; empty where something does, whatever it says."""
    server = ApiServer(connection, waits=_WAITS, pool_size=1)
    try:
        server.request("GET", "/version")
    except UnreachableError as error:
        return error.message.removesuffix(_ADVICE)
    except MooringError:
        return ""
    finally:
        server.close()
    return ""
