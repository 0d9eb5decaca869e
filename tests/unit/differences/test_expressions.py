"""jq runs apart: it can neither stay, nor grow, nor look around, and what it says quotes no value."""

from __future__ import annotations

import pytest

from mooring.differences.expressions import Expressions, JqPath
from mooring.errors import ConfigurationError

FIELD = "spec.ignoreDifferences[0].jqPathExpressions[0]"
DOCUMENT = {"spec": {"containers": [{"name": "web"}, {"name": "proxy", "image": "x"}], "é.": 1}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".spec.containers[0].name", [["spec", "containers", 0, "name"]]),
        ('.spec.containers[] | select(.name == "proxy")', [["spec", "containers", 1]]),
        ("(.spec.containers[] | .image, .name)", [
            ["spec", "containers", 0, "image"], ["spec", "containers", 0, "name"],
            ["spec", "containers", 1, "image"], ["spec", "containers", 1, "name"],
        ]),
        ('.spec["é."]', [["spec", "é."]]),
        (".spec.containers[1:]", [["spec", "containers", {"start": 1, "end": None}]]),
        (".spec.replicas # not there", [["spec", "replicas"]]),
        (".spec.initContainers[]?", []),
        (".spec.initContainers[]", []),
        (".spec | length", []),
        ("error(.spec)", []),
        ("empty", []),
        (".metadata.labels[]?,\n.spec.replicas", [["spec", "replicas"]]),
    ],
)  # fmt: skip
def test_paths(expressions: Expressions, text: str, expected: list[JqPath]) -> None:
    """GIVEN an expression WHEN evaluated THEN its paths are answered, and none where jq fails on the document."""
    assert [expected] == expressions.paths([(text, FIELD)], DOCUMENT)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".spec[", "is not a jq expression"),
        (".spec | replicas", "replicas/0 is not defined"),
        ('.a)] | "x" | [(.', "names no paths"),
        ("halt", "names no paths"),
        ("def f: f; f", "took more than 0.2 s"),
        ("until(false; .)", "took more than 0.2 s"),
    ],
)
def test_refusals_name_the_expression(text: str, words: str) -> None:
    """GIVEN an expression that can't be used WHEN evaluated THEN the error names its field, and the next still works."""
    with Expressions(seconds=0.2) as apart:
        with pytest.raises(ConfigurationError, match=words) as caught:
            apart.paths([(".a", "other"), (text, FIELD), (".b", "other")], {})
        assert FIELD == caught.value.field
        assert [[["c"]]] == apart.paths([(".c", FIELD)], {})


def test_memory_is_limited() -> None:
    """GIVEN an expression that fills the memory WHEN evaluated THEN its process ends and the error says why."""
    with Expressions(seconds=30, memory=256 << 20) as apart:
        with pytest.raises(ConfigurationError, match="needed more than 256 MiB") as caught:
            apart.paths([("[range(1e9)] | .[0]", FIELD)], {})
        assert FIELD == caught.value.field


@pytest.mark.parametrize("text", ["select(env.CANARY) | .a", "select($ENV.CANARY) | .a"])
def test_the_environment_is_not_there(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """GIVEN a credential in the environment WHEN an expression asks for it THEN it sees nothing."""
    monkeypatch.setenv("CANARY", "secret")
    with Expressions() as apart:
        assert [[]] == apart.paths([(text, FIELD)], {"a": 1})


@pytest.mark.parametrize("text", ["debug | .a", "stderr | .a"])
def test_nothing_is_printed(capfd: pytest.CaptureFixture[str], text: str) -> None:
    """GIVEN an expression that prints WHEN evaluated THEN nothing reaches our output, where logs are made of it."""
    with Expressions() as apart:
        assert [[["a"]]] == apart.paths([(text, FIELD)], {"a": "canary"})
    assert ("", "") == tuple(capfd.readouterr())


def test_errors_quote_no_value(expressions: Expressions) -> None:
    """GIVEN an expression that fails on a value WHEN evaluated THEN no error is raised that could quote it."""
    assert [[]] == expressions.paths([(".data.password | error", FIELD)], {"data": {"password": "canary"}})


def test_a_process_that_was_ended_is_started_again() -> None:
    """GIVEN an evaluator that somebody killed between two requests WHEN asked THEN another answers."""
    with Expressions() as apart:
        apart.check([(".a", FIELD)])
        assert apart._process is not None
        apart._process.kill()
        apart._process.wait(10)
        assert [[["a"]]] == apart.paths([(".a", FIELD)], {})


def test_no_expression_starts_no_process() -> None:
    """GIVEN nothing to evaluate WHEN asked THEN no process is started; a closed one starts again when needed."""
    apart = Expressions()
    assert [] == apart.paths([], {})
    assert apart._process is None
    apart.check([(".a", FIELD)])
    apart.close()
    apart.close()
    assert [[["a"]]] == apart.paths([(".a", FIELD)], {})
    apart.close()
