"""What instances are told of the machine that they run on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from local.runner.functions import Function
from local.runner.sandbox import Sandbox, open_sandbox


@pytest.fixture
def function(tmp_path: Path) -> Function:
    """A function that sets one variable of its own, and tries to set one of Lambda's."""
    code = tmp_path / "code"
    code.mkdir()
    variables = {"MINE": "1", "AWS_REGION": "elsewhere"}
    return Function("f", "stack-f", "app.handler", code, 128, 3.0, 2, True, variables, (), (), (), ())


def opened(function: Function, directory: Path, surroundings: Mapping[str, str]) -> Sandbox:
    tools = directory / "tools"
    tools.mkdir(exist_ok=True)
    return open_sandbox(directory, "http://aws", "eu-central-1", (), (tools,), (function,), surroundings)


def test_only_the_way_out_is_passed_on(tmp_path: Path, function: Function) -> None:
    """Proxies and authorities of the machine reach a function, loopback goes around them, nothing else is inherited."""
    around = {"HTTPS_PROXY": "http://proxy", "NO_PROXY": "intranet", "SSL_CERT_FILE": "/ca.pem", "SHELL": "/bin/sh"}

    seen = opened(function, tmp_path, around).environment(function, "f-1", "127.0.0.1:1")

    assert ("http://proxy", "/ca.pem") == (seen["HTTPS_PROXY"], seen["SSL_CERT_FILE"])
    assert "127.0.0.1,localhost,intranet" == seen["NO_PROXY"] == seen["no_proxy"]
    assert "SHELL" not in seen


def test_lambdas_own_variables_cannot_be_changed(tmp_path: Path, function: Function) -> None:
    """A function's variables are set, and don't replace reserved ones."""
    seen = opened(function, tmp_path, {}).environment(function, "f-1", "127.0.0.1:1")

    assert ("1", "eu-central-1", "JSON") == (seen["MINE"], seen["AWS_REGION"], seen["AWS_LAMBDA_LOG_FORMAT"])
    assert seen["PATH"].startswith(f"{tmp_path / 'tools'}:")
    assert "NO_PROXY" not in seen


def test_without_namespaces_a_function_is_told_where_to_write(tmp_path: Path, function: Function) -> None:
    """Where /tmp can't be private, TMPDIR names a folder that is."""
    sandbox = Sandbox("none", tmp_path, "http://aws", "eu-central-1", (), (), (), {})

    assert str(tmp_path / "tmp" / "f-1") == sandbox.environment(function, "f-1", "127.0.0.1:1")["TMPDIR"]


def test_what_tools_lead_to_stays_visible(tmp_path: Path, function: Function) -> None:
    """The folder that a tool's link points to is kept when it lies below /tmp, and once."""
    far = tmp_path / "cache" / "helm"
    far.parent.mkdir()
    far.touch()
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "helm").symlink_to(far)

    visible = opened(function, tmp_path, {}).visible

    wanted = {str(tmp_path / name) for name in ("cache", "code", "tools")}
    assert (wanted if str(tmp_path).startswith("/tmp/") else set()) <= set(visible)
    assert len(visible) == len(set(visible))
