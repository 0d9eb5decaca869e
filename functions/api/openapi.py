"""The OpenAPI 3.1 document, made from the declarations and the shapes that they name.

Made by `python -m local openapi` and shipped beside the code as `openapi.json`, for pydantic, which reads the shapes,
is no part of the function; a test compares the two, so what is served is true of what is deployed.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import shapes
from declared import EACH, PUBLIC, Endpoint, Param

from mooring import __version__

__all__ = ["describe", "main"]

FILE: Final = Path(__file__).with_name("openapi.json")
_PLACE: Final = re.compile(r"<(\w+)>")
_KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": {"type": "string"},
    "flag": {"type": "string", "enum": ["true", "false"]},
    "count": {"type": "string", "pattern": "^[0-9]*$"},
}
_PROBLEMS: Final = {
    400: "What was sent can't be used; `field` names what is wrong",
    401: "Nobody is known by what was sent",
    403: "The caller may not, or there is nothing of this name",
    404: "There is nothing of this name",
    409: "Somebody else was faster, or it is busy",
    412: "The document is not the one that If-Match names",
    429: "Too often; Retry-After says when to come back",
    503: "Something that is needed did not answer; try again",
}
_INFO: Final = """The HTTP API of Mooring. Paths and documents follow Argo CD's where it has them.

Errors are problem documents (RFC 9457). Lists go on with `metadata.continue`. Every GET carries an ETag and honours
If-None-Match; documents that people declare honour If-Match. An unknown query parameter is refused. Every GET may be
asked as HEAD; OPTIONS says what an address takes."""


def describe(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The document of these routes. Raises `LookupError` for a shape that there is not."""
    declared = sorted(endpoints, key=lambda each: (each.path, each.method))
    schemas, references = _schemas(declared)
    paths: dict[str, dict[str, Any]] = {}
    for each in declared:
        paths.setdefault(_PLACE.sub(r"{\1}", each.path), {})[each.method.lower()] = _operation(each, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Mooring", "version": __version__, "description": _INFO},
        "tags": [{"name": tag} for tag in sorted({each.tag for each in declared})],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "The administrator's, or an API token"},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-mooring"},
            },
            "responses": {str(status): _problem(words) for status, words in _PROBLEMS.items()},
            "headers": {"ETag": {"description": "For If-None-Match and If-Match", "schema": {"type": "string"}}},
            "schemas": schemas,
        },
    }


def _operation(endpoint: Endpoint, references: Mapping[str, Any]) -> dict[str, Any]:
    reads = endpoint.method == "GET"
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PLACE.findall(endpoint.path)
    ]
    parameters += [_parameter(each) for each in endpoint.query]
    if reads and endpoint.status == 200:
        parameters.append(_header("If-None-Match", "Answers 304 where the client has it already"))
    if endpoint.document is not None and not reads:
        parameters.append(_header("If-Match", "Answers 412 where the document has another ETag by now"))
    content: dict[str, Any] = {"schema": references[endpoint.answers]}
    answer: dict[str, Any] = {"description": endpoint.does, "content": {endpoint.content: content}}
    if reads:
        answer["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
    statuses = [400, 503]
    statuses += [] if endpoint.access is PUBLIC and reads else [401, 403, 429]
    statuses += [404] if "<" in endpoint.path or endpoint.query or not reads else []
    statuses += [] if reads else [409]
    statuses += [412] if endpoint.document is not None and not reads else []
    responses = {str(endpoint.status): answer}
    responses |= {"304": {"description": "The client has it already"}} if reads and endpoint.status == 200 else {}
    responses |= {str(each): {"$ref": f"#/components/responses/{each}"} for each in sorted(statuses)}
    told: dict[str, Any] = {
        "operationId": re.sub(r"_(\w)", lambda found: found[1].upper(), endpoint.name),
        "summary": endpoint.does,
        "tags": [endpoint.tag],
        "description": _needs(endpoint),
        "parameters": parameters,
        "responses": responses,
    }
    if endpoint.body:
        media: dict[str, Any] = {"schema": references[endpoint.body]}
        if endpoint.body in _examples():
            media["example"] = _examples()[endpoint.body]
        told["requestBody"] = {"required": True, "content": {endpoint.takes: media}}
    if endpoint.access is PUBLIC:
        told["security"] = []
    return told


def _needs(endpoint: Endpoint) -> str:
    access = endpoint.access
    if access is PUBLIC:
        return "Answers anybody."
    what = f"`{access.resource}`, `{access.action}`"
    if access.of == EACH:
        return f"Shows what the caller may see: {what}."
    return f"Needs {what} on {objects_of(endpoint)}"


def objects_of(endpoint: Endpoint) -> str:
    """What a route's right is about, in words."""
    of = endpoint.access.of
    if isinstance(of, str):
        return f"`{of}`."
    words = str(of.__doc__).partition("\n")[0]
    return words[0].lower() + words[1:]


def _parameter(param: Param) -> dict[str, Any]:
    schema = dict(_KINDS[param.kind]) | ({"enum": ["", *param.choices]} if param.choices else {})
    return {"name": param.name, "in": "query", "required": param.required, "description": param.does, "schema": schema}


def _header(name: str, does: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": does, "schema": {"type": "string"}}


def _problem(words: str) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/Problem"}
    return {"description": words, "content": {"application/problem+json": {"schema": reference}}}


def _schemas(endpoints: Iterable[Endpoint]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schemas of all shapes that routes name, and for each name what refers to it."""
    from pydantic import TypeAdapter

    known = _shapes()
    names = sorted({"Problem", *(name for each in endpoints for name in (each.body, each.answers) if name)})
    missing = [name for name in names if name not in known]
    if missing:
        raise LookupError(f"no class in functions/api/shapes is named {', '.join(missing)}")
    inputs: list[Any] = [(name, "validation", TypeAdapter(known[name])) for name in names]
    made, definitions = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
    return _untitled(definitions["$defs"]), {name: made[(name, "validation")] for name in names}


def _untitled(schema: Any) -> Any:
    """Without the titles that pydantic makes of names."""
    if isinstance(schema, list):
        return [_untitled(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _untitled(each) for name, each in schema.items() if name != "title" or not isinstance(each, str)}


def _shapes() -> dict[str, Any]:
    known: dict[str, Any] = {"str": str}
    for found in pkgutil.iter_modules(shapes.__path__):
        module = importlib.import_module(f"shapes.{found.name}")
        for name, value in vars(module).items():
            if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__:
                if name in known:
                    raise LookupError(f"two classes in functions/api/shapes are named {name}")
                known[name] = value
    return known


def _examples() -> Mapping[str, Any]:
    from shapes.examples import EXAMPLES

    return EXAMPLES


def text_of(endpoints: Iterable[Endpoint]) -> str:
    """The document as it is kept."""
    return json.dumps(describe(endpoints), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes the document of this checkout."""
    from routes import make_desk

    from mooring.composition import Composition

    FILE.write_text(text_of(make_desk(Composition(os.environ)).endpoints), encoding="utf-8")
    print(FILE)  # noqa: T201 (a program for people)


if __name__ == "__main__":
    sys.exit(main())
