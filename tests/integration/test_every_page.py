"""Every list goes by pages, in one way: what `limit` and `continue` do of one list they do of all.

Most lists are so short that nobody meets their second page until an installation is large, which is the worst time to
find that it isn't there. What is no list of the installation's, but one answer about one application, is named here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from moto import mock_aws

from mooring.flows.asked.notifications import list_notes
from mooring.state.notes import Note, Notes
from mooring.state.sealingkeys import _signed
from mooring.state.table import put
from tests.doubles.askedapi import Api
from tests.doubles.deployed import API_TOKEN, REGION, deployed_api
from tests.doubles.signing import Pen, pen
from tests.doubles.tables import create_table

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "functions" / "api" / "openapi.json").read_text("utf-8")
)
ONE_ANSWER = {  # of one application, put together when it is asked for, and as large as that application
    "/api/v1/applications/{name}/compare",
    "/api/v1/applications/{name}/events",
    "/api/v1/applications/{name}/managed-resources",
    "/api/v1/applications/{name}/secrets",
}
DECLARED = {"apiVersion": "argoproj.io/v1alpha1"}
NOTHING = {"gb_seconds": 0, "table_requests": 0, "read_units": 0, "write_units": 0}
WEEK = {"since": "2026-03-01", "until": "2026-03-07"}
BODY = {"summary": {"title": "shop could not be synced"}, "sections": {}}


def shape_of(path: str) -> dict[str, Any]:
    """The properties of what a GET answers."""
    content = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]
    name = str(content.get("application/json", {}).get("schema", {}).get("$ref", "")).rpartition("/")[2]
    found: dict[str, Any] = DOCUMENT["components"]["schemas"].get(name, {}).get("properties", {})
    return found


LISTS = sorted(path for path in DOCUMENT["paths"] if "get" in DOCUMENT["paths"][path] and "items" in shape_of(path))


@pytest.mark.parametrize("path", [path for path in LISTS if path not in ONE_ANSWER])
def test_every_list_takes_a_limit_and_tells_where_it_goes_on(path: str) -> None:
    """GIVEN an answer with items WHEN its declaration is read THEN it has `limit`, `continue` and their answer."""
    asked = {each["name"] for each in DOCUMENT["paths"][path]["get"]["parameters"]}
    metadata = DOCUMENT["components"]["schemas"][shape_of(path)["metadata"]["$ref"].rpartition("/")[2]]
    assert ({"limit", "continue"}, True) == ({"limit", "continue"} & asked, "continue" in metadata["properties"])


def test_what_goes_by_no_pages_is_there() -> None:
    """GIVEN the exceptions above WHEN the document is read THEN each is a list in it."""
    assert set(LISTS) >= ONE_ANSWER


@pytest.fixture(scope="module")
def writer() -> Iterator[Pen]:
    """Somebody with OpenPGP keys."""
    with pen() as made:
        yield made


@pytest.fixture(scope="module")
def api(writer: Pen) -> Iterator[Api]:
    """An installation that has three of everything."""
    with deployed_api() as found:
        made = Api(found)
        project = DECLARED | {"kind": "AppProject", "metadata": {"name": "shop"}, "spec": {"roles": [{"name": "ci"}]}}
        made.told("POST", "/api/v1/projects", project, bearer=API_TOKEN)
        for number in range(3):
            made.token({"role": "role:readonly"})
            made.told("POST", "/api/v1/projects/shop/roles/ci/token", {"name": f"n{number}"}, bearer=API_TOKEN)
            made.told("POST", "/api/v1/applications", application(f"web-{number}"), bearer=API_TOKEN)
            armored = writer.public(writer.key(f"ada-{number}@example.com"))
            made.told("POST", "/api/v1/gpgkeys", {"key": armored}, bearer=API_TOKEN)
            made.told("POST", "/api/v1/sealed-secrets", sealing_key(1.0e9 + number), bearer=API_TOKEN)
            spent = NOTHING | {"gb_seconds": 10 * (number % 2), "operations": 1, "requests": 1}
            item = {"pk": f"COSTS#2026-03-0{number + 1}", "sk": f"argocd/web-{number}", **spent}
            found.table.write(put(item | {"project": "shop", "cluster": "in-cluster", "ttl": 9_000_000_000}))
            give_up(Notes(found.table), f"n{number}", 1.0e9 + number)
        yield made


def application(name: str) -> dict[str, Any]:
    source = {"repoURL": "https://git.example/shop.git", "path": "."}
    spec = {"project": "default", "source": source, "destination": {"name": "in-cluster", "namespace": "shop"}}
    return DECLARED | {"kind": "Application", "metadata": {"name": name, "namespace": "argocd"}, "spec": spec}


def sealing_key(since: float) -> dict[str, Any]:
    key = generate_private_key(65537, 2048)
    plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, *plain).decode()
    return {"kind": "Secret", "stringData": {"tls.key": pem, "tls.crt": _signed(key, since)}}


def give_up(notes: Notes, ident: str, at: float) -> Note:
    note = notes.write(Note("argocd/web-0", ident, "on-sync-failed", "slack", "team", at, BODY))
    return notes.end(notes.begin(note, until=at), "failed", now=at, error="no such channel")


def followed(api: Api, path: str, **asked: str) -> list[Any]:
    """All that a list has, asked for one by one; no page has more, and only the last has no other behind it."""
    found, query = [], {**asked, "limit": "1"}
    while True:
        page = api.told("GET", path, bearer=API_TOKEN, query=query)
        assert 1 >= len(page["items"])
        found += page["items"]
        if not (token := page["metadata"].get("continue")):
            return found
        query = {**query, "continue": token}


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/api/v1/tokens", {}),
        ("/api/v1/projects/shop/roles/ci/token", {}),
        ("/api/v1/gpgkeys", {}),
        ("/api/v1/sealed-secrets", {}),
        ("/api/v1/audit/chains", {"kind": "operation"}),
        ("/api/v1/notifications", {"failed": "true"}),
        ("/api/v1/notifications", {"app": "argocd/web-0"}),
        ("/api/v1/notifications", {"app": "argocd/web-0", "failed": "true"}),
        ("/api/v1/costs", WEEK),
        ("/api/v1/costs", {**WEEK, "group": "day"}),
        ("/api/v1/applications", {}),
    ],
)
def test_a_list_that_is_followed_is_the_whole_list(api: Api, path: str, asked: dict[str, str]) -> None:
    """GIVEN three of them WHEN asked for one by one THEN they come as they come together, each of them once."""
    whole = api.told("GET", path, bearer=API_TOKEN, query=asked)
    assert (3, False) == (len(whole["items"]), "continue" in whole["metadata"])
    assert whole["items"] == followed(api, path, **asked)
    status, told = api.ask("GET", path, bearer=API_TOKEN, query={**asked, "continue": "%"})
    assert (400, "continue") == (status, told["field"])


def test_the_order_of_pages_is_that_of_the_list(api: Api) -> None:
    """GIVEN lists in another order than that of names WHEN followed THEN the newest, or the dearest, come first."""
    assert ["n2", "n1", "n0"] == [each["id"] for each in followed(api, "/api/v1/notifications", failed="true")]
    dearest = followed(api, "/api/v1/costs", **WEEK)
    assert ["argocd/web-1", "argocd/web-0", "argocd/web-2"] == [each["name"] for each in dearest]
    since = [each["since"] for each in followed(api, "/api/v1/sealed-secrets")]
    assert [1_000_000_002.0, 1_000_000_001.0, 1_000_000_000.0] == since


def test_each_page_of_costs_has_the_total_of_all(api: Api) -> None:
    """GIVEN a page of costs WHEN read THEN what stands above it is the sum of all, as it is without pages."""
    whole = api.told("GET", "/api/v1/costs", bearer=API_TOKEN, query=WEEK)["metadata"]
    page = api.told("GET", "/api/v1/costs", bearer=API_TOKEN, query={**WEEK, "limit": "1"})["metadata"]
    assert (whole["total"], 3) == (page["total"], page["total"]["operations"])


def test_no_notification_is_left_out_however_many_there_are() -> None:
    """GIVEN more than a page of notes that were given up, one of them twice, and retried ones among them WHEN followed
    THEN each that is given up still is there once, in the order in which that happened.
    """
    with mock_aws():
        notes = Notes(create_table(boto3.client("dynamodb", region_name=REGION), "notes"))
        made = [give_up(notes, f"n{number:03}", 1.0e9 + number) for number in range(230)]
        for note in made[100:105]:
            notes.retry(note)
        notes.retry(made[0])
        again = notes.begin(replace(made[0], state="pending", attempts=0, error="", ended=0.0), until=2.0e9)
        notes.end(again, "failed", now=2.0e9, error="still no such channel")
        first = list_notes(notes, {"failed": "true"})
        last = list_notes(notes, {"failed": "true", "continue": first["metadata"]["continue"]})
    wanted = [0, *(number for number in range(229, 0, -1) if number not in range(100, 105))]
    assert [f"n{number:03}" for number in wanted] == [each["id"] for each in first["items"] + last["items"]]
    assert (200, {}) == (len(first["items"]), last["metadata"])
