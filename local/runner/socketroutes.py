"""The routes of a WebSocket API, as CloudFormation has them: a stage, and a function behind each route key.

SAM has no event for them, so they stand in the template as `AWS::ApiGatewayV2` resources: an API, a stage, routes with
a target `integrations/ID`, integrations with the ARN of a function. There is one such API at most, with one stage.

Rule: AWS CloudFormation User Guide, "Amazon API Gateway V2 resource type reference".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from local.runner.documents import Json, TemplateError
from local.runner.functions import Function

__all__ = ["SOCKET_API", "SOCKET_PARTS", "Sockets", "read_sockets"]

SOCKET_API = "AWS::ApiGatewayV2::Api"
_INTEGRATION, _ROUTE, _STAGE = (f"AWS::ApiGatewayV2::{part}" for part in ("Integration", "Route", "Stage"))
SOCKET_PARTS = frozenset({_INTEGRATION, _ROUTE, _STAGE})
_KEYS = ("$connect", "$disconnect", "$default")


@dataclass(frozen=True, slots=True)
class Sockets:
    """The name of the stage, and the label of the function behind each route key."""

    stage: str
    routes: Mapping[str, str]


def read_sockets(
    resources: Mapping[str, Mapping[str, Json]], resolved: Callable[[Json], Json], functions: Iterable[Function]
) -> Sockets | None:
    """The WebSocket API of a template, None where it has none. Raises `TemplateError`."""
    apis = [name for name, each in resources.items() if each["Type"] == SOCKET_API]
    if not apis:
        return None
    if len(apis) > 1:
        raise TemplateError(f"Resources.{apis[1]}: the local runner serves one WebSocket API only")
    parts: dict[str, dict[str, Json]] = {kind: {} for kind in SOCKET_PARTS}
    for name, each in resources.items():
        if each["Type"] in SOCKET_PARTS:
            parts[each["Type"]][name] = resolved(each.get("Properties") or {})
    if len(parts[_STAGE]) != 1:
        raise TemplateError(f"Resources.{apis[0]}: must have one stage")
    (stage,) = parts[_STAGE].values()
    labels = {function.name: function.label for function in functions}
    routes = {}
    for name, route in parts[_ROUTE].items():
        if route["RouteKey"] not in _KEYS:
            raise TemplateError(f"Resources.{name}.Properties.RouteKey: must be one of {', '.join(_KEYS)}")
        target = str(route.get("Target", "")).removeprefix("integrations/")
        uri = str(parts[_INTEGRATION].get(target, {}).get("IntegrationUri", ""))
        # arn:…:lambda:path/2015-03-31/functions/ARN/invocations
        function = uri.removesuffix("/invocations").rpartition(":")[2]
        if function not in labels:
            raise TemplateError(f"Resources.{name}.Properties.Target: leads to no function")
        routes[route["RouteKey"]] = labels[function]
    return Sockets(str(stage["StageName"]), routes)
