"""A whole system from one template: resources made in the order in which they refer to each other, then functions.

There is no dependency graph: resolving a property that refers to a resource creates that resource first, and a
resource that is asked for while it is being created is a cycle. The HTTP API's address is known before anything is
created, because its port is bound first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.runner.authorizers import JwtAuthorizer, read_authorizers
from local.runner.documents import Json, TemplateError
from local.runner.functions import Function, merge_globals, read_function
from local.runner.intrinsics import Parameters, holds, read_parameters, resolve
from local.runner.resources import ACCOUNT, PASSIVE, Clients, Physical, create, function_arn
from local.runner.socketroutes import SOCKET_API, SOCKET_PARTS, Sockets, read_sockets

__all__ = ["System", "Wishes", "build_system"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a machine wants otherwise than the template: parameters, seconds between ticks, seconds of visibility."""

    stack: str = "mooring"
    parameters: Mapping[str, str] = field(default_factory=dict)
    every: float | None = None
    visibility: int | None = None


@dataclass(frozen=True, slots=True)
class System:
    """What runs: the functions by label, and what `!Ref` of each resource means."""

    functions: Mapping[str, Function]
    resources: Mapping[str, str]
    sockets: Sockets | None = None
    authorizers: Mapping[str, JwtAuthorizer] = field(default_factory=dict)


def build_system(
    template: Mapping[str, Json], root: Path, url: str, clients: Clients, wishes: Wishes, sockets: str = ""
) -> System:
    """Create every resource of the template (its paths are relative to `root`) and read its functions.

    `url` is where the HTTP API answers, `sockets` where the WebSocket API does. Raises `TemplateError`.
    """
    scope = _Making(template, read_parameters(template, wishes.parameters), url, clients, wishes, sockets)
    functions: dict[str, Function] = {}
    for name, resource in scope.wanted.items():
        scope.ref(name)
        if resource["Type"] == "AWS::Serverless::Function":
            section = (template.get("Globals") or {}).get("Function") or {}
            merged = merge_globals(section, resource.get("Properties") or {})
            read = _only_used(merged)
            function = read_function(name, wishes.stack, resolve(read, scope), root, wishes.every)
            functions[function.label] = function
    authorizers: dict[str, JwtAuthorizer] = {}
    for resource in scope.wanted.values():
        if resource["Type"] == "AWS::Serverless::HttpApi":
            auth = (resource.get("Properties") or {}).get("Auth") or {}
            authorizers |= read_authorizers({"Auth": resolve(auth, scope)})
    unknown = {route.authorizer for each in functions.values() for route in each.routes} - {*authorizers, ""}
    if unknown:
        raise TemplateError(f"Auth.Authorizer: {', '.join(sorted(unknown))} is declared nowhere")
    found = read_sockets(scope.wanted, lambda value: resolve(value, scope), functions.values())
    return System(functions, {name: physical.ref for name, physical in scope.made.items()}, found, authorizers)


def _only_used(properties: Mapping[str, Json]) -> dict[str, Json]:
    """A function's properties without those that have no meaning here and may name what doesn't exist."""
    ignored = ("Role", "Policies", "Layers", "VpcConfig", "Tags", "PermissionsBoundary", "DeadLetterQueue")
    return {key: value for key, value in properties.items() if key not in ignored}


class _Making:
    """The scope in which the template is resolved while its resources come into being."""

    def __init__(
        self,
        template: Mapping[str, Json],
        parameters: Parameters,
        url: str,
        clients: Clients,
        wishes: Wishes,
        sockets: str,
    ) -> None:
        self.template = template
        self.parameters = parameters
        self.pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::Region": clients.region,
            "AWS::StackId": f"arn:aws:cloudformation:{clients.region}:{ACCOUNT}:stack/{wishes.stack}/local",
            "AWS::StackName": wishes.stack,
            "AWS::URLSuffix": "amazonaws.com",
        }
        self.made: dict[str, Physical] = {}
        self._making: list[str] = []
        self._url = url
        self._sockets = sockets
        self._clients = clients
        self._wishes = wishes
        self.wanted: dict[str, dict[str, Json]] = {
            name: resource
            for name, resource in template["Resources"].items()
            if "Condition" not in resource or holds(resource["Condition"], self)
        }

    def ref(self, name: str) -> str:
        """What `!Ref` of a resource gives; creates it if need be."""
        return self._physical(name).ref

    def attribute(self, name: str, attribute: str) -> str:
        """What `!GetAtt` of a resource gives; creates it if need be."""
        physical = self._physical(name)
        if attribute not in physical.attributes:
            raise TemplateError(f"Resources.{name}: has no attribute {attribute} in the local runner")
        return physical.attributes[attribute]

    def _physical(self, name: str) -> Physical:
        if name in self.made:
            return self.made[name]
        if name not in self.wanted:
            raise TemplateError(f"{name}: is neither a parameter nor a resource that exists under these conditions")
        if name in self._making:
            raise TemplateError(f"Resources.{name}: refers to itself through {' → '.join(self._making)}")
        self._making.append(name)
        self.made[name] = self._make(name, self.wanted[name])
        self._making.pop()
        return self.made[name]

    def _make(self, name: str, resource: Mapping[str, Json]) -> Physical:
        kind = resource["Type"]
        if kind == "AWS::Serverless::HttpApi":
            return Physical(name.lower(), {"ApiEndpoint": self._url})
        if kind == SOCKET_API:
            return Physical(name.lower(), {"ApiEndpoint": self._sockets})
        if kind in SOCKET_PARTS:
            return Physical(name)  # looked at once the functions are known
        if kind == "AWS::Serverless::Function":
            given = resolve((resource.get("Properties") or {}).get("FunctionName"), self)
            physical_name = given or f"{self._wishes.stack}-{name}"
            return Physical(physical_name, {"Arn": function_arn(self._clients.region, physical_name)})
        # What is left out isn't read either: it may name what only a cloud has.
        properties = {} if kind in PASSIVE else resolve(resource.get("Properties") or {}, self)
        if kind == "AWS::SQS::Queue" and self._wishes.visibility is not None and "RedrivePolicy" in properties:
            properties["VisibilityTimeout"] = self._wishes.visibility
        return create(self._clients, kind, name, self._wishes.stack, properties)
