"""How people sign in, as the template has it: one address behind the issuer's authorizer, and limits on all."""

from __future__ import annotations

import json
from typing import Any

Template = dict[str, Any]

SESSION = "/api/v1/session"


def test_one_address_is_behind_the_authorizer(transformed: Template) -> None:
    """Only where a session begins an issuer's token is asked for: all else knows tokens and sessions of our own."""
    paths = transformed["Resources"]["HttpApi"]["Properties"]["Body"]["paths"]
    behind = {
        (path, method): route["security"]
        for path, methods in paths.items()
        for method, route in methods.items()
        if route.get("security")
    }
    assert {(SESSION, "post"): [{"SignIn": []}]} == behind


def test_the_authorizer_believes_the_issuer_for_this_client(transformed: Template) -> None:
    """Issuer and audience are the parameters'; without an issuer nobody's tokens are for us."""
    schemes = transformed["Resources"]["HttpApi"]["Properties"]["Body"]["components"]["securitySchemes"]
    made = schemes["SignIn"]["x-amazon-apigateway-authorizer"]
    assert ("jwt", "$request.header.Authorization") == (made["type"], made["identitySource"])
    assert {
        "issuer": {"Fn::If": ["HasOidc", {"Ref": "OidcIssuer"}, "https://accounts.google.com"]},
        "audience": [{"Fn::If": ["HasOidc", {"Ref": "OidcClientId"}, "nobody-signs-in-here"]}],
    } == made["jwtConfiguration"]


def test_an_issuer_wants_a_client(transformed: Template) -> None:
    """A stack with an issuer and no client is refused before anything is made of it."""
    assertion = transformed["Rules"]["SignIn"]["Assertions"][0]["Assert"]
    assert {"Fn::Not": [{"Fn::Equals": [{"Ref": "OidcClientId"}, ""]}]} == assertion


def test_requests_are_limited(transformed: Template) -> None:
    """The whole API has a limit that can be set, and beginnings of sessions a small one of their own."""
    stage = transformed["Resources"]["HttpApiApiGatewayDefaultStage"]["Properties"]
    assert {
        "ThrottlingBurstLimit": {"Ref": "ApiBurstLimit"},
        "ThrottlingRateLimit": {"Ref": "ApiRateLimit"},
    } == stage["DefaultRouteSettings"]
    assert {"ThrottlingBurstLimit": 20, "ThrottlingRateLimit": 10} == stage["RouteSettings"][f"POST {SESSION}"]


def test_the_client_secret_is_read_where_there_is_one(transformed: Template) -> None:
    """Of secrets of others `api` may read the client secret, and only if one is named."""
    statements = transformed["Resources"]["ApiRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    about = [each for each in statements if "OidcClientSecretArn" in json.dumps(each)]
    assert ["HasOidcClientSecret"] == [each["Fn::If"][0] for each in about]
    allowed = about[0]["Fn::If"][1]
    assert "secretsmanager:GetSecretValue" == allowed["Action"]
    assert {"Ref": "OidcClientSecretArn"} == allowed["Resource"]


def test_the_access_log_holds_no_credentials(transformed: Template) -> None:
    """Neither headers nor queries are logged: a code of an issuer comes in a query."""
    log = transformed["Resources"]["HttpApiApiGatewayDefaultStage"]["Properties"]["AccessLogSettings"]["Format"]
    assert not any(word in log for word in ("header", "querystring", "authorizer", "$context.path"))
