"""Where every request of the API goes by: who asks, whether they may, what goes on record, then the work.

A route is declared once, with what it asks of its caller, and all of this follows from the declaration; no handler
decides about it, and one without `Access` can't be declared. The order is fixed: whoever is not known learns nothing,
not even which parameters there are; what is refused is never begun; what changes something is on record before it is
carried out. Lists take `EACH` and leave out what `may` does not allow.

An object that the caller may not see and one that is not there are answered alike, as Argo CD does ("RBAC
Configuration"; `getAppEnforceRBAC` in its server): names are not to be found out by asking.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import orjson
from answering import digest_of, document_tags, json_answer, problem_answer, sent
from audittrail import note_refusal, recorded
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from callers import caller_of, may
from declared import EACH, PUBLIC, Access, Arguments, Endpoint, Param

from mooring.access.rbac import ADMINISTRATOR, NOBODY, Caller
from mooring.composition import Composition
from mooring.errors import ConfigurationError, ForbiddenError, MooringError
from mooring.flows.asked.admitting import TooOftenError
from mooring.flows.asked.paging import page_of
from mooring.invocation import error_answer, problem
from mooring.model.application import AppKey
from mooring.state.records import Record

__all__ = ["Desk", "UnauthenticatedError"]

_CONDITIONS = {"if-match", "if-none-match"}
_DIGITS = 18  # of a count: what any integer of ours holds; Python reads no number of thousands of digits
_UNSEEN = "there is nothing of this name"
_Handler = TypeVar("_Handler", bound=Callable[..., Any])


class UnauthenticatedError(ForbiddenError):
    """Nobody is known by what the request brings."""


class UnseenError(MooringError):
    """It is hidden from a caller who may see everything else."""


class ChangedError(MooringError):
    """The document is not the one that If-Match names."""


class Desk:
    """The declared routes, and what is known of the request that is being answered."""

    def __init__(self, composition: Composition) -> None:
        self.composition = composition
        self.app = APIGatewayHttpResolver()
        self.endpoints: list[Endpoint] = []
        self.caller: Caller = NOBODY
        self.absent = False  # whether what the request is about was looked for and is not there
        self._records: dict[AppKey, Record] = {}
        self._missing: list[type[MooringError]] = []
        self.app.exception_handler(MooringError)(self._refused)
        self.app.not_found(self._no_such_route)

    # -- declaring -------------------------------------------------------------------------------------------------

    def get(self, path: str, **declared: Any) -> Callable[[_Handler], _Handler]:
        """Declares what is read; see `route`."""
        return self.route("GET", path, **declared)

    def post(self, path: str, **declared: Any) -> Callable[[_Handler], _Handler]:
        """Declares what is done; see `route`."""
        return self.route("POST", path, **declared)

    def put(self, path: str, **declared: Any) -> Callable[[_Handler], _Handler]:
        """Declares what is put in a place; see `route`."""
        return self.route("PUT", path, **declared)

    def patch(self, path: str, **declared: Any) -> Callable[[_Handler], _Handler]:
        """Declares what is changed in part; see `route`."""
        return self.route("PATCH", path, **declared)

    def delete(self, path: str, **declared: Any) -> Callable[[_Handler], _Handler]:
        """Declares what is taken away; see `route`."""
        return self.route("DELETE", path, **declared)

    def route(
        self,
        method: str,
        path: str,
        *,
        does: str,
        access: Access,
        tag: str,
        answers: str = "Nothing",
        body: str = "",
        query: tuple[Param, ...] = (),
        status: int = 200,
        content: str = "application/json",
        takes: str = "application/json",
        document: Callable[[Desk, Arguments], Any] | None = None,
    ) -> Callable[[_Handler], _Handler]:
        """Declares a route; the function below it gets the places of its path by name.

        What it returns is answered as JSON with `status`, unless it is a `Response`; `body` and `answers` name shapes.
        `document` gives what is declared now (None for nothing): its tag is in the ETag, and If-Match is about it.
        """

        def declare(handler: _Handler) -> _Handler:
            endpoint = Endpoint(
                method,
                path,
                handler.__name__,
                tag,
                does,
                access,
                query,
                body,
                answers,
                status,
                content,
                takes,
                document,
            )
            self.endpoints.append(endpoint)

            def serve(**places: str) -> Response[Any]:
                return self._serve(endpoint, handler, places)

            # HEAD is answered as GET is; the handler leaves out the body
            self.app.route(path, ["GET", "HEAD"] if method == "GET" else method)(serve)
            return handler

        return declare

    def missing(self, *errors: type[MooringError]) -> None:
        """Has these errors answered with 404."""
        self._missing += errors

    # -- the request -----------------------------------------------------------------------------------------------

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters, all of them declared."""
        return self.app.current_event.query_string_parameters or {}

    @property
    def headers(self) -> dict[str, str]:
        """The headers, by names in lower case."""
        return self.app.current_event.headers or {}

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def text(self) -> str:
        """The body as text. Raises `ConfigurationError`."""
        try:
            return self.app.current_event.decoded_body or ""
        except ValueError as error:
            raise ConfigurationError("is not text in UTF-8", field="body") from error

    def body(self) -> Any:
        """The body as JSON; an empty object where there is none. Raises `ConfigurationError`."""
        try:
            return orjson.loads(self.text() or "{}")
        except orjson.JSONDecodeError as error:
            raise ConfigurationError(f"is not JSON: {error}", field="body") from error

    def qualified(self, name: str) -> str:
        """A name of the path with the namespace that the query gives."""
        return f"{self.query.get('namespace') or 'argocd'}/{name}"

    def key(self, name: str) -> AppKey:
        """The application that a path names. Raises `ConfigurationError`."""
        return AppKey.parse(self.qualified(name))

    def declared_name(self) -> str:
        """NAMESPACE/NAME of the document in the body. Raises `ConfigurationError`."""
        document = self.body()
        metadata = document.get("metadata") if isinstance(document, dict) else None
        name, namespace = (metadata or {}).get("name"), (metadata or {}).get("namespace") or "argocd"
        if not isinstance(name, str) or not name or not isinstance(namespace, str):
            raise ConfigurationError("must name what is declared", field="metadata.name")
        return f"{namespace}/{name}"

    def flag(self, name: str) -> bool | None:
        """A parameter that is true or false, or None."""
        value = self.query.get(name)
        return None if value is None else value == "true"

    def record(self, key: AppKey) -> Record:
        """What is remembered of an application, read once in a request."""
        if key not in self._records:
            self._records |= self.composition.applications.load([key])
        return self._records[key]

    @property
    def unlimited(self) -> bool:
        """Whether the caller may everything, so that nothing has to be read to find out."""
        return self.caller == ADMINISTRATOR

    def may(self, resource: str, action: str, object: str) -> bool:
        """Whether the caller may do this."""
        return may(self.composition, self.caller, resource, action, object)

    def page(self, items: Iterable[tuple[str, Any]], *, falling: bool = False) -> dict[str, Any]:
        """A page of a list, of items with their names, as `limit` and `continue` ask for it."""
        return page_of(items, self.query, falling=falling)

    # -- serving ---------------------------------------------------------------------------------------------------

    def _serve(self, endpoint: Endpoint, handler: Callable[..., Any], places: dict[str, str]) -> Response[Any]:
        self._records.clear()
        self.absent = False
        self.caller = NOBODY  # nobody takes the place of whoever asked before, whatever goes wrong below
        event = self.app.current_event.raw_event
        self.caller = NOBODY if endpoint.access is PUBLIC else caller_of(event, self.composition, self.now()) or NOBODY
        if endpoint.access is not PUBLIC and self.caller == NOBODY:
            raise UnauthenticatedError(
                "send Authorization: Bearer TOKEN with a token of the API", field="Authorization"
            )
        self._check(endpoint.query)
        self._authorise(endpoint, places)
        if endpoint.access is PUBLIC:
            return self._carry_out(endpoint, handler, places)
        return recorded(self, lambda: self._carry_out(endpoint, handler, places))

    def _check(self, declared: tuple[Param, ...]) -> None:
        known = {each.name: each for each in declared}
        for name, value in self.query.items():
            param = known.get(name)
            if param is None:
                told = f"takes {', '.join(known)}" if known else "takes none"
                raise ConfigurationError(f"is no query parameter of this address, which {told}", field=name)
            if param.kind == "flag" and value not in ("true", "false"):
                raise ConfigurationError("must be true or false", field=name)
            if (
                param.kind == "count"
                and value
                and not (value.isascii() and value.isdecimal() and len(value) <= _DIGITS)
            ):
                raise ConfigurationError(f"must be a whole number of {_DIGITS} digits at most", field=name)
            if param.choices and value and value not in param.choices:
                raise ConfigurationError(f"must be one of {', '.join(param.choices)}", field=name)
        for param in declared:
            if param.required and not self.query.get(param.name):
                raise ConfigurationError(f"must be given as a query parameter: {param.does}", field=param.name)

    def _authorise(self, endpoint: Endpoint, places: dict[str, str]) -> None:
        access = endpoint.access
        if access is PUBLIC or access.of == EACH or self.unlimited:
            return
        found = access.of if isinstance(access.of, str) else access.of(self, places)
        for action, target in [(access.action, found)] if isinstance(found, str) else found:
            if not self.may(access.resource, action, target):
                error = self._refusal(access.resource, action, target)
                note_refusal(self, error)
                raise error
            self.absent = self.absent and target.startswith("*/")

    def _refusal(self, resource: str, action: str, target: str) -> MooringError:
        """What is said to a caller who may not: nothing by which they could tell what there is."""
        gone = self.absent and target.startswith("*/")
        if action != "get" and not gone and self.may(resource, "get", target):
            return ForbiddenError(
                f"{self.caller.name} may not {action} {resource} of {target}; docs/access.md says more"
            )
        anywhere = f"*/{target.partition('/')[2]}"
        if "/" in target and (gone or not target.startswith("*/")) and self.may(resource, "get", anywhere):
            # Who would hear of anything else that it is not there hears the same of what is hidden.
            return UnseenError(_UNSEEN)
        return ForbiddenError(
            f"{self.caller.name} may not {action} this, or there is nothing of this name; docs/access.md says who may"
        )

    def _carry_out(self, endpoint: Endpoint, handler: Callable[..., Any], places: dict[str, str]) -> Response[Any]:
        if self.absent and not self.unlimited:  # in the words in which what is hidden is refused
            raise UnseenError(_UNSEEN)
        reads = endpoint.method == "GET"
        document = None
        if endpoint.document is not None and (reads or not _CONDITIONS.isdisjoint(self.headers)):
            document = endpoint.document(self, places)
            if not reads:
                self._match(document)
        made = handler(**places)
        answer = made if isinstance(made, Response) else json_answer(endpoint.status, {} if made is None else made)
        tagged = reads and answer.status_code == HTTPStatus.OK
        # What proves that a page is ours, and where people are, is written to no browser's disk.
        return sent(answer, self.headers, document=document, tagged=tagged, secret=endpoint.tag == "session")

    def _match(self, document: Any) -> None:
        wanted, unwanted = self.headers.get("if-match"), self.headers.get("if-none-match")
        if wanted is not None:
            tags = document_tags(wanted)
            if document is None or ("*" not in tags and digest_of(document) not in tags):
                raise ChangedError(
                    "somebody declared it otherwise meanwhile: read it again, then decide", field="If-Match"
                )
        if unwanted is not None and unwanted.strip() == "*" and document is not None:
            raise ChangedError("it is declared already", field="If-None-Match")

    # -- refusing --------------------------------------------------------------------------------------------------

    def _refused(self, error: MooringError) -> Response[Any]:
        return problem_answer(self.told(error))

    def told(self, error: MooringError) -> dict[str, Any]:
        """An error as an answer of HTTP."""
        message = f"{error.subject}: {error.message}" if error.subject else error.message
        if isinstance(error, (UnseenError, *self._missing)):
            return problem(404, message, error.field)
        if isinstance(error, TooOftenError):
            return problem(429, message, error.field)
        if isinstance(error, ChangedError):
            return problem(412, message, error.field)
        answer = error_answer(error, unsigned=401 if isinstance(error, UnauthenticatedError) else 403)
        if answer["statusCode"] == HTTPStatus.UNAUTHORIZED:
            answer["headers"]["www-authenticate"] = 'Bearer realm="mooring"'
        return answer

    def _no_such_route(self, _error: Exception) -> Response[Any]:
        self.caller = NOBODY
        event = self.app.current_event
        taken = {each.method for each in self.endpoints if _fits(each.path, event.path)}
        taken |= {"HEAD"} if "GET" in taken else set()
        allowed = ", ".join(sorted({*taken, "OPTIONS"}))
        if taken and event.http_method == "OPTIONS":
            return Response(204, None, None, {"allow": allowed, "cache-control": "no-store"})
        if taken and event.http_method not in taken:  # else the name has characters that none can have
            answer = problem(405, f"{event.path} takes {allowed}")
            return problem_answer({**answer, "headers": {**answer["headers"], "allow": allowed}})
        message = f"{event.http_method} {event.path} is no address of this API; see docs/api.md"
        return problem_answer(problem(404, message, "path"))


def _fits(pattern: str, path: str) -> bool:
    parts, given = pattern.split("/"), path.split("/")
    return len(parts) == len(given) and all(a.startswith("<") or a == b for a, b in zip(parts, given, strict=True))
