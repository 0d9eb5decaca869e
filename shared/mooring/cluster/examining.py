"""What keeps us from working with a cluster, said step by step: for people who have just registered one, or wonder.

Name, connection, TLS, login: the first that fails ends the examination, since whatever follows needs it. Then the
version, the clocks, the aggregated APIs that are down, and the rights that are missing for the kinds in use: the API
server itself is asked (SelfSubjectReview, SelfSubjectAccessReview; Kubernetes documentation, "Authorization", "Checking
API access"), so webhooks and access policies count as well as RBAC.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from urllib3.exceptions import SSLError

from mooring.cluster.auth import Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery, Resource
from mooring.cluster.tls import ssl_context
from mooring.cluster.troubles import tls_error
from mooring.cluster.trying import Waits
from mooring.errors import ForbiddenError, MooringError

__all__ = ["Use", "examine", "whoami"]

_WAITS = Waits(connect=3.0, answer=10.0, whole=12.0, tries=2)
_VERBS = ("get", "create", "patch", "delete")  # in a namespace, or in the cluster for what has none
_MOST = 300  # questions about rights
_SKEW = 60.0  # seconds; EKS tokens and certificates begin to fail some minutes later
_ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A kind that applications have objects of, and one namespace of theirs (empty for the cluster itself)."""

    group: str
    kind: str
    version: str
    namespace: str


@dataclass(frozen=True, slots=True)
class _Right:
    verb: str
    group: str
    resource: str
    namespace: str


def examine(
    connection: Connection, uses: Iterable[Use], pool: Executor, *, now: Callable[[], float] = time.time
) -> dict[str, Any]:
    """What was found, as JSON: `reachable`, `steps` (each with `step`, `ok`, `message`), and what is known beyond."""
    steps: list[dict[str, Any]] = []
    told: dict[str, Any] = {"server": connection.server, "reachable": False, "steps": steps}

    def done(step: str, message: str, *, ok: bool = True) -> bool:
        steps.append({"step": step, "ok": ok, "message": message})
        return ok

    if not _connects(connection, done):
        return told
    server = ApiServer(connection, waits=_WAITS, pool_size=4)
    try:
        answer = server.request("GET", "/version")
        user = whoami(server)
        told |= {"reachable": True, "version": str((answer.body or {}).get("gitVersion", "")), "user": user}
        done("login", f"accepted as {user}" if user else "accepted")
        skew = _skew(answer.date, now())
        told["clockSkewSeconds"] = round(skew)
        if abs(skew) > _SKEW:
            done("clock", f"its clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} ours", ok=False)
        _look_closer(server, sorted(set(uses)), pool, told, done)
    except ForbiddenError as error:
        done("rights" if told["reachable"] else "login", str(error), ok=False)
    except MooringError as error:
        done("answer", str(error), ok=False)
    finally:
        server.close()
    return told


def _connects(connection: Connection, done: Callable[..., bool]) -> bool:
    parts = urlsplit(connection.server)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = sorted({str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
    except OSError:
        return done(
            "name", f"{host} does not resolve here; check the server's address and the function's network", ok=False
        )
    done("name", f"{host} is {', '.join(addresses)}")
    try:
        plain = socket.create_connection((host, port), timeout=_WAITS.connect)
    except TimeoutError:
        return done(
            "connection",
            f"nothing answers at port {port} within {_WAITS.connect:g} s; check security groups, allowed networks and "
            "the function's subnets",
            ok=False,
        )
    except OSError as error:
        return done("connection", f"port {port} can't be reached: {error.strerror or type(error).__name__}", ok=False)
    with plain:
        done("connection", f"port {port} answers")
        if parts.scheme != "https":
            return True
        try:
            context = ssl_context(connection.tls)
            with context.wrap_socket(plain, server_hostname=connection.tls.server_name or host) as secured:
                return done("tls", f"{secured.version()}, the certificate is trusted")
        except MooringError as error:
            return done("tls", str(error), ok=False)
        except ssl.SSLError as error:
            return done("tls", str(tls_error(SSLError(error), connection.server)), ok=False)
        except OSError as error:
            return done("tls", f"the handshake was broken off: {error.strerror or type(error).__name__}", ok=False)


def whoami(server: ApiServer) -> str:
    """The user that the API server takes us for; empty where it can't say. Raises `ForbiddenError` for a bad login."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        body = server.request("POST", _WHO, body=review).body
    except ForbiddenError:
        raise
    except MooringError:
        return ""  # before 1.28
    return str(((body or {}).get("status") or {}).get("userInfo", {}).get("username", ""))


def _skew(date: str, now: float) -> float:
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except ValueError:
        return 0.0


def _look_closer(
    server: ApiServer, uses: list[Use], pool: Executor, told: dict[str, Any], done: Callable[..., bool]
) -> None:
    discovery = Discovery(server)
    discovery.refresh()
    down = sorted(discovery.down())
    told["apisDown"] = down
    if down:
        done("apis", f"aggregated APIs that are down: {', '.join(down)}; see `kubectl get apiservices`", ok=False)
    if _may(server, _Right("*", "*", "*", "")):
        told["missing"] = []
        done("rights", "everything is allowed (verbs *, resources *)")
        return
    resources: dict[Use, Resource] = {}
    for use in uses:
        try:
            found = discovery.find(use.group, use.kind, use.version)
        except MooringError:
            continue  # its API is down, which was said
        if found is None:
            name = f"{use.kind}.{use.group}" if use.group else use.kind
            done("kinds", f"{name} is not served any more", ok=False)
        else:
            resources[use] = found
    rights = list(dict.fromkeys(_needed(resources)))
    allowed = list(pool.map(lambda right: _may(server, right), rights[:_MOST]))
    missing = [right for right, may in zip(rights, allowed, strict=False) if not may]
    told["missing"] = [asdict(right) for right in missing]
    told["asked"] = len(allowed)
    if missing:
        done("rights", f"{len(missing)} of {len(allowed)} rights are missing: {'; '.join(_said(missing))}", ok=False)
    elif allowed:
        done("rights", f"all {len(allowed)} rights that the applications here need are given")
    else:
        done("rights", "no application is deployed here yet, so there are no kinds to ask about")


def _needed(resources: Mapping[Use, Resource]) -> Iterable[_Right]:
    for use, resource in resources.items():
        yield _Right("list", resource.group, resource.plural, "")
        for verb in _VERBS:
            yield _Right(verb, resource.group, resource.plural, use.namespace if resource.namespaced else "")


def _said(missing: list[_Right]) -> list[str]:
    """One part for each resource and place, with the verbs that lack."""
    verbs: dict[tuple[str, str, str], list[str]] = {}
    for right in missing:
        verbs.setdefault((right.group, right.resource, right.namespace), []).append(right.verb)
    return [
        f"{', '.join(each)} on {resource}{'.' + group if group else ''}"
        + (f" in {namespace}" if namespace else " in the whole cluster")
        for (group, resource, namespace), each in verbs.items()
    ]


def _may(server: ApiServer, right: _Right) -> bool:
    attributes = {name: value for name, value in asdict(right).items() if value}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    body = server.request("POST", _ACCESS, body=review).body
    return bool(((body or {}).get("status") or {}).get("allowed"))
