"""The API keeps to its OpenAPI document, whatever it is sent: schemathesis makes the requests, moto's table is behind.

Requests are made anew from the same seed in every run, so what failed fails again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from tests.doubles.deployed import API_TOKEN, deployed_api
from tests.doubles.wsgi import as_wsgi

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "functions" / "api" / "openapi.json").read_text("utf-8")
)
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]
WRONGLY_ASKED = [
    (path, method)
    for path, method in OPERATIONS
    if "requestBody" in (operation := DOCUMENT["paths"][path][method])
    or any(each["in"] == "query" for each in operation["parameters"])
]
EXAMPLES = 3  # of each operation, right and wrong ones: many operations, and a minute at most
ADMINISTRATOR = {"authorization": f"Bearer {API_TOKEN}"}
NAMES = {"/applications": "shop", "/projects": "team", "/clusters": "production", "/applicationsets": "shops"}
DECLARED = [
    ("put", "/api/v1/clusters/{name}", "ClusterForm"),
    ("put", "/api/v1/repositories", "RepositoryForm"),
    ("post", "/api/v1/projects", "Project"),
    ("post", "/api/v1/applications", "Application"),
    ("post", "/api/v1/applicationsets", "ApplicationSet"),
    ("post", "/api/v1/bootstrap", "Root"),
]
SHOWN = [
    path
    for path in DOCUMENT["paths"]
    if "get" in DOCUMENT["paths"][path]
    and (path.partition("{name}")[0][7:-1] in NAMES or "{" not in path)
    and not path.partition("{name}")[2]
]
ASKED = {
    "/api/v1/notifications": {"failed": "true"},
    "/api/v1/repositories": {"view": "facts"},
    "/api/v1/repository": {"url": "https://github.com/acme"},
    "/api/v1/account/can-i": {"resource": "applications", "action": "get"},
}
NOT_SET_UP = ("/api/v1/login", "/v1/cert.pem")  # no identity provider, no sealing key
KNOWN = [
    path
    for path in SHOWN
    if path not in NOT_SET_UP
    and (
        path in ASKED
        or not any(
            each.get("required") and each["in"] == "query" for each in DOCUMENT["paths"][path]["get"]["parameters"]
        )
    )
]
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]


@pytest.fixture(scope="module")
def schema() -> Iterator[Any]:
    """The document, with the application that it is about behind it."""
    with deployed_api() as found:
        loaded = schemathesis.openapi.from_dict(DOCUMENT)
        loaded.config.generation.update(with_security_parameters=False)
        rejected = loaded.config.checks.negative_data_rejection
        rejected.expected_statuses = [*rejected.expected_statuses, "412"]  # an If-Match of nothing
        loaded.app = as_wsgi(found.handler)
        for method, path, shape in DECLARED:
            example = DOCUMENT["paths"][path][method]["requestBody"]["content"]["application/json"]["example"]
            parameters = {each: NAMES[f"/{part}"] for part, each in [("clusters", "name")] if f"{{{each}}}" in path}
            case = loaded[path][method].Case(path_parameters=parameters, body=example, media_type="application/json")
            assert 200 == case.call(headers=ADMINISTRATOR).status_code, shape
        yield loaded


def try_all(schema: Any, path: str, method: str, mode: GenerationMode, *more: Any) -> None:
    operation = schema[path][method]

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case: Any) -> None:
        case.call_and_validate(headers=ADMINISTRATOR, checks=[*CHECKS, *more])

    sent()


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_what_is_right_is_answered_as_documented(schema: Any, path: str, method: str) -> None:
    """GIVEN requests that fit the document WHEN sent THEN status, type, headers and body of the answers fit it, too."""
    try_all(schema, path, method, GenerationMode.POSITIVE)


@pytest.mark.parametrize(("path", "method"), WRONGLY_ASKED)
def test_what_is_wrong_is_refused(schema: Any, path: str, method: str) -> None:
    """GIVEN requests that don't fit the document WHEN sent THEN they are refused, with a problem that fits it."""
    try_all(schema, path, method, GenerationMode.NEGATIVE, checks.negative_data_rejection)


@pytest.mark.parametrize("path", SHOWN)
def test_what_is_there_is_shown_as_documented(schema: Any, path: str) -> None:
    """GIVEN the document's examples, declared WHEN each is read, and each list THEN the answers fit the document."""
    name = NAMES.get(path.partition("{name}")[0][7:-1], "")
    case = schema[path]["get"].Case(path_parameters={"name": name} if name else {}, query=ASKED.get(path, {}))
    response = case.call_and_validate(headers=ADMINISTRATOR, checks=CHECKS)
    assert (400 if path in NOT_SET_UP else 200) == response.status_code


@pytest.mark.parametrize("path", KNOWN)
def test_what_is_known_already_is_not_sent_again(schema: Any, path: str) -> None:
    """GIVEN any answer WHEN it is asked for again with its tag THEN that is 304 and empty, under the same tag."""
    name = NAMES.get(path.partition("{name}")[0][7:-1], "")
    case = schema[path]["get"].Case(path_parameters={"name": name} if name else {}, query=ASKED.get(path, {}))
    first = case.call(headers=ADMINISTRATOR)
    again = case.call(headers={**ADMINISTRATOR, "if-none-match": first.headers["etag"][0]})
    assert (304, b"", first.headers["etag"]) == (again.status_code, again.content, again.headers["etag"])
