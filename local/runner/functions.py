"""What a function is, and what starts it.

An `AWS::Serverless::Function` is read here as SAM reads it: `Globals` first, then its own properties, then its events.
A function's *label* is the word that people use for it in logs and reports: its logical id in small letters without
the suffix `Function`, so `WebhookFunction` is `webhook`.

Properties that only matter to a cloud (roles, networks, alarms, architectures) are not looked at. An event of another
type than the five below is an error: a function that never starts is worse than a runner that doesn't.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.runner.documents import Json, TemplateError
from local.runner.filters import Filters, read_filters

__all__ = ["Function", "Queue", "Route", "Schedule", "Stream", "merge_globals", "read_function"]

_UNITS = {"minute": 60.0, "minutes": 60.0, "hour": 3600.0, "hours": 3600.0, "day": 86400.0, "days": 86400.0}


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path of the HTTP API; `ANY` and `$default` as API Gateway writes them. `authorizer` is by name."""

    method: str
    path: str
    authorizer: str = ""

    @property
    def key(self) -> str:
        """The route key, as events carry it."""
        return self.path if self.path == "$default" else f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Queue:
    """An event source mapping of a queue. `window` is in seconds; `concurrency` is None for no limit of its own."""

    arn: str
    batch: int
    window: float
    partial: bool
    concurrency: int | None


@dataclass(frozen=True, slots=True)
class Stream:
    """An event source mapping of a table's stream. `retries` is None for as long as records live."""

    arn: str
    batch: int
    window: float
    partial: bool
    latest: bool
    retries: int | None
    filters: Filters = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """A tick every `every` seconds; `payload` is the event as JSON text, or None for the standard one."""

    name: str
    every: float
    source: str
    payload: str | None


@dataclass(frozen=True, slots=True)
class Function:
    """One function: memory in MB, timeout in seconds, `retries` of an asynchronous invocation that failed."""

    label: str
    name: str
    handler: str
    code: Path
    memory: int
    timeout: float
    retries: int
    json_logs: bool
    environment: Mapping[str, str]
    routes: tuple[Route, ...]
    queues: tuple[Queue, ...]
    streams: tuple[Stream, ...]
    schedules: tuple[Schedule, ...]


def merge_globals(section: Json, properties: Json) -> Json:
    """Globals and a resource's own properties as one: mappings merge, lists are joined, the rest is overridden.

    Rule: AWS SAM Developer Guide, "Globals section".
    """
    if isinstance(section, dict) and isinstance(properties, dict) and not (_is_call(section) or _is_call(properties)):
        own = {
            key: merge_globals(section[key], value) if key in section else value for key, value in properties.items()
        }
        return {**section, **own}
    if isinstance(section, list) and isinstance(properties, list):
        return [*section, *properties]
    return properties


def read_function(
    logical_id: str, stack: str, properties: Mapping[str, Json], root: Path, every: float | None
) -> Function:
    """A function from its resolved properties; `every` (seconds) overrides each schedule. Raises `TemplateError`."""
    where = f"Resources.{logical_id}.Properties"
    for needed in ("CodeUri", "Handler"):
        if not isinstance(properties.get(needed), str):
            raise TemplateError(f"{where}.{needed}: must be text")
    code = (root / properties["CodeUri"]).resolve()
    if not code.is_dir():
        raise TemplateError(f"{where}.CodeUri: {code} is not a folder")
    events: dict[str, Json] = properties.get("Events") or {}
    routes: list[Route] = []
    queues: list[Queue] = []
    streams: list[Stream] = []
    schedules: list[Schedule] = []
    for name, event in events.items():
        spot = f"{where}.Events.{name}"
        detail: dict[str, Json] = event.get("Properties") or {}
        match event.get("Type"):
            case "HttpApi":
                authorizer = (detail.get("Auth") or {}).get("Authorizer", "")
                method, path = str(detail.get("Method", "ANY")).upper(), detail.get("Path", "$default")
                routes.append(Route(method, path, authorizer))
            case "SQS":
                queues.append(_queue(detail, spot))
            case "DynamoDB":
                streams.append(_stream(detail, spot))
            case "Schedule" | "ScheduleV2" as kind:
                if _enabled(detail):
                    schedules.append(_schedule(f"{logical_id}{name}", kind, detail, spot, every))
            case "EventBridgeRule":
                pass  # what AWS's own services tell of themselves: nothing on this machine sends it
            case other:
                raise TemplateError(f"{spot}.Type: {other} is not known to the local runner")
    retries = (properties.get("EventInvokeConfig") or {}).get("MaximumRetryAttempts", 2)
    variables = (properties.get("Environment") or {}).get("Variables") or {}
    return Function(
        label=logical_id.removesuffix("Function").lower() or logical_id.lower(),
        name=properties.get("FunctionName") or f"{stack}-{logical_id}",
        handler=properties["Handler"],
        code=code,
        memory=int(properties.get("MemorySize", 128)),
        timeout=float(properties.get("Timeout", 3)),
        retries=int(retries),
        json_logs=(properties.get("LoggingConfig") or {}).get("LogFormat") == "JSON",
        environment={key: _variable(value) for key, value in variables.items()},
        routes=tuple(routes),
        queues=tuple(queues),
        streams=tuple(streams),
        schedules=tuple(schedules),
    )


def _queue(detail: Mapping[str, Json], spot: str) -> Queue:
    scaling = detail.get("ScalingConfig") or {}
    limit = scaling.get("MaximumConcurrency")
    return Queue(
        arn=_required(detail, "Queue", spot),
        batch=int(detail.get("BatchSize", 10)),
        window=float(detail.get("MaximumBatchingWindowInSeconds", 0)),
        partial="ReportBatchItemFailures" in (detail.get("FunctionResponseTypes") or []),
        concurrency=None if limit is None else int(limit),
    )


def _stream(detail: Mapping[str, Json], spot: str) -> Stream:
    retries = int(detail.get("MaximumRetryAttempts", -1))
    return Stream(
        arn=_required(detail, "Stream", spot),
        batch=int(detail.get("BatchSize", 100)),
        window=float(detail.get("MaximumBatchingWindowInSeconds", 0)),
        partial="ReportBatchItemFailures" in (detail.get("FunctionResponseTypes") or []),
        latest=_required(detail, "StartingPosition", spot) == "LATEST",
        retries=None if retries < 0 else retries,
        filters=read_filters(detail.get("FilterCriteria") or {}, spot),
    )


def _schedule(name: str, kind: str, detail: Mapping[str, Json], spot: str, every: float | None) -> Schedule:
    expression = _required(detail, "Schedule" if kind == "Schedule" else "ScheduleExpression", spot)
    match = re.fullmatch(r"rate\((\d+) (\w+)\)", expression)
    if every is None and (match is None or match[2] not in _UNITS):
        raise TemplateError(f"{spot}: {expression} is not a rate; give --sweep SECONDS to run it here")
    seconds = every if every is not None or match is None else int(match[1]) * _UNITS[match[2]]
    payload = detail.get("Input")
    if payload is not None and not isinstance(payload, str):
        payload = json.dumps(payload)
    source = "aws.events" if kind == "Schedule" else "aws.scheduler"
    return Schedule(name, float(seconds or 0), source, payload)


def _enabled(detail: Mapping[str, Json]) -> bool:
    return detail.get("State", "ENABLED") != "DISABLED" and str(detail.get("Enabled", True)).lower() != "false"


def _required(detail: Mapping[str, Json], key: str, spot: str) -> str:
    value = detail.get(key)
    if not isinstance(value, str) or not value:
        raise TemplateError(f"{spot}.Properties.{key}: must be text")
    return value


def _variable(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _is_call(value: Mapping[str, Json]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))
