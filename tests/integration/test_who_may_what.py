"""Every route of the API asked by everybody there is: who is let in stands in `tests/data/access/routes.txt`.

What a route does is left out; all that comes before it is real: the request as API Gateway sends it, the sessions and
tokens, the policy in the table, the objects that are found for the policy. A route without a line here fails the test,
so nobody adds one without saying who may.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mooring.access.sessions import Session, derived_key, write_session
from tests.doubles.deployed import API_TOKEN, Deployed, deployed_api

ROOT = Path(__file__).parents[2]
MATRIX = ROOT / "tests" / "data" / "access" / "routes.txt"
FAR = 4_000_000_000

POLICY = {
    "policy.csv": "g, org:admins, role:admin\ng, org:readers, role:readonly\np, alice, applications, *, shop/*, allow"
}
DEPLOYER = {
    "name": "deployer",
    "groups": ["org:shop"],
    "policies": [
        "p, proj:shop:deployer, applications, get, shop/*, allow",
        "p, proj:shop:deployer, applications, sync, shop/*, allow",
        "p, proj:shop:deployer, applications, action/apps/Deployment/restart, shop/*, allow",
        "p, proj:shop:deployer, logs, get, shop/*, allow",
    ],
}
SPEC = {
    "project": "shop",
    "source": {"repoURL": "https://git.test/acme/k8s", "path": "web", "targetRevision": "HEAD"},
    "destination": {"server": "https://kubernetes.default.svc", "namespace": "web"},
}
APPLICATION = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Application",
    "metadata": {"name": "web", "namespace": "argocd"},
    "spec": SPEC,
}
PROJECT = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AppProject",
    "metadata": {"name": "shop"},
    "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}], "roles": [DEPLOYER]},
}
META = {"metadata": {"name": "web", "namespace": "argocd"}}
TEMPLATE = {"spec": {"generators": [{"list": {"elements": []}}], "template": {"metadata": {"name": "x"}, "spec": SPEC}}}
CLUSTER = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "c", "labels": {"argocd.argoproj.io/secret-type": "cluster"}},
    "stringData": {"name": "c", "server": "https://c.test", "config": '{"bearerToken": "t"}'},
}
BODIES: dict[str, Any] = {
    "POST /api/v1/applications": APPLICATION,
    "POST /api/v1/bootstrap": {"repoURL": "https://git.test/acme/root", "path": "."},
    "POST /api/v1/applicationsets": {"kind": "ApplicationSet", **META, **TEMPLATE},
    "POST /api/v1/applicationsets/preview": {"kind": "ApplicationSet", **META, **TEMPLATE},
    "POST /api/v1/projects": PROJECT,
    "POST /api/v1/clusters": CLUSTER,
    "PUT /api/v1/clusters/<name>": {"server": "https://c.test", "config": {"bearerToken": "t"}},
    "PUT /api/v1/repositories": {"url": "https://git.test/acme"},
    "POST /api/v1/promotions": {"kind": "Promotion", **META, "spec": {"project": "shop"}},
    "POST /api/v1/imageupdaters": {"kind": "ImageUpdater", **META},
    "POST /api/v1/applications/<name>/resource/actions": {"action": "restart"},
}
OBJECT = {"group": "apps", "kind": "Deployment", "resourceName": "web", "resourceNamespace": "web"}
QUERIES: dict[str, dict[str, str]] = {
    "DELETE /api/v1/account": {"subject": "somebody"},
    "DELETE /api/v1/repositories": {"url": "https://git.test/acme"},
    "GET /api/v1/repository": {"url": "https://git.test/acme"},
    **{
        f"{method} /api/v1/applications/<name>/resource{rest}": OBJECT
        for method, rest in (("GET", ""), ("DELETE", ""), ("GET", "/actions"), ("POST", "/actions"))
    },
}
PLACES = {"name": "web", "role": "deployer"}


@dataclass(frozen=True, slots=True)
class World:
    """An installation with a policy, a project, an application, and everybody who asks."""

    api: Deployed
    desk: Any
    callers: dict[str, dict[str, str]]

    def ask(self, method: str, path: str, *, headers: dict[str, str], body: Any = None, query: Any = None) -> Any:
        event = json.loads((ROOT / "events" / "api-list.json").read_text())
        event |= {"rawPath": path, "body": None if body is None else json.dumps(body)}
        event |= {"queryStringParameters": query or {}, "pathParameters": {}, "cookies": []}
        event["requestContext"]["http"] |= {"method": method, "path": path}
        event["requestContext"].pop("authorizer", None)
        event["headers"].pop("authorization", None)
        event["headers"] |= headers
        return self.api.handler(event, None)

    def told(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        answer = self.ask(method, path, headers=headers, body=body)
        assert 200 == answer["statusCode"], answer
        return json.loads(answer["body"])

    def lets_in(self, endpoint: Any, who: str) -> str:
        """`yes`, `no`, or what else became of the request."""
        route = f"{endpoint.method} {endpoint.path}"
        places = PLACES | ({"name": "shop"} if "/projects/" in endpoint.path else {})
        path = re.sub(r"<(\w+)>", lambda found: places.get(found[1], "x"), endpoint.path)
        query = QUERIES.get(route, {}) | {
            each.name: "x" for each in endpoint.query if each.required and each.name not in QUERIES.get(route, {})
        }
        answer = self.ask(endpoint.method, path, headers=self.callers[who], query=query, body=BODIES.get(route, {}))
        return {204: "yes", 401: "no", 403: "no", 404: "no"}.get(answer["statusCode"], str(answer))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """What the table says is asked of; routes themselves do nothing."""
    with deployed_api() as api, pytest.MonkeyPatch.context() as patch:
        key, admin = derived_key(API_TOKEN, "sessions"), {"authorization": f"Bearer {API_TOKEN}"}
        made = World(api, None, {})
        made.told("PUT", "/api/v1/settings/access", POLICY, admin)
        made.told("POST", "/api/v1/projects", PROJECT, admin)
        made.told("POST", "/api/v1/applications", APPLICATION, admin)

        def person(subject: str, *groups: str) -> dict[str, str]:
            text = write_session(Session("S", subject, subject, groups, "session", FAR, ""), key)
            return {"authorization": f"Bearer {text}"}

        wanted = {"name": "ci", "scope": ["applications, get, shop/*"]}
        narrow = made.told("POST", "/api/v1/tokens", wanted, person("alice"))
        of_role = made.told("POST", "/api/v1/projects/shop/roles/deployer/token", {"name": "ci"}, admin)
        callers = {
            "administrator": admin,
            "admin": person("root", "org:admins"),
            "readonly": person("reader", "org:readers"),
            "member": person("bob", "org:shop"),
            "role-token": {"authorization": f"Bearer {of_role['token']}"},
            "narrow-token": {"authorization": f"Bearer {narrow['token']}"},
            "stranger": person("eve"),
            "nobody": {},
        }
        from aws_lambda_powertools.event_handler import Response

        module = sys.modules["desk"]
        patch.setattr(module.Desk, "_carry_out", lambda *_: Response(204, None, None))  # type: ignore[attr-defined]
        desk = sys.modules["routes"].make_desk(sys.modules["app"].Composition(os.environ))
        yield World(api, desk, callers)


def expected() -> dict[str, set[str]]:
    """Who is let in to each route, as the file has it."""
    found = {}
    for line in MATRIX.read_text().splitlines():
        if line and not line.startswith("#"):
            method, path, *callers = line.split()
            found[f"{method} {path}"] = set(callers)
    return found


def test_each_route_lets_in_whom_it_should(world: World) -> None:
    """GIVEN every route there is WHEN everybody asks THEN those are let in whom the file names, and nobody else."""
    found = {}
    for endpoint in world.desk.endpoints:
        answers = {who: world.lets_in(endpoint, who) for who in world.callers}
        odd = {who: answer for who, answer in answers.items() if answer not in ("yes", "no")}
        assert {} == odd, f"{endpoint.method} {endpoint.path}"
        found[f"{endpoint.method} {endpoint.path}"] = {who for who, answer in answers.items() if answer == "yes"}
    assert expected() == found
