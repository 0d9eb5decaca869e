"""The routes of a WebSocket API as the local runner reads them from a template."""

from __future__ import annotations

from typing import Any

import pytest

from local.runner.documents import TemplateError
from local.runner.functions import read_function
from local.runner.socketroutes import Sockets, read_sockets

URI = "arn:aws:apigateway:x:lambda:path/2015-03-31/functions/arn:aws:lambda:x:1:function:NAME/invocations"


@pytest.fixture
def resources(tmp_path: Any) -> dict[str, Any]:
    """A WebSocket API with one route."""
    return {
        "Live": {"Type": "AWS::ApiGatewayV2::Api"},
        "Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"StageName": "now"}},
        "To": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {"IntegrationUri": URI.replace("NAME", "m-EchoFunction")},
        },
        "Route": {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {"RouteKey": "$default", "Target": "integrations/To"},
        },
    }


def _read(resources: dict[str, Any], tmp_path: Any) -> Sockets | None:
    (tmp_path / "code").mkdir(exist_ok=True)
    echo = read_function("EchoFunction", "m", {"CodeUri": "code", "Handler": "app.handler"}, tmp_path, None)
    return read_sockets(resources, lambda value: value, [echo])


def test_a_route_leads_to_its_function(resources: dict[str, Any], tmp_path: Any) -> None:
    """By the integration that it names; a template without such an API has none."""
    assert Sockets("now", {"$default": "echo"}) == _read(resources, tmp_path)
    assert _read({}, tmp_path) is None


@pytest.mark.parametrize(
    ("name", "resource", "told"),
    [
        ("Second", {"Type": "AWS::ApiGatewayV2::Api"}, "Second.*one WebSocket API only"),
        ("Other", {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"StageName": "then"}}, "Live.*one stage"),
        (
            "Route",
            {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"RouteKey": "say", "Target": "integrations/To"}},
            r"Route.*RouteKey: must be one of \$connect",
        ),
        (
            "Route",
            {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"RouteKey": "$default", "Target": "integrations/X"}},
            "Route.*Target: leads to no function",
        ),
        (
            "To",
            {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {"IntegrationUri": URI}},
            "Route.*Target: leads to no function",
        ),
    ],
)
def test_what_is_not_known_is_refused(
    resources: dict[str, Any], tmp_path: Any, name: str, resource: dict[str, Any], told: str
) -> None:
    """By the name of the resource, rather than never being served."""
    with pytest.raises(TemplateError, match=told):
        _read(resources | {name: resource}, tmp_path)
