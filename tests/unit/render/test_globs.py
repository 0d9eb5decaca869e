"""Globs mean what they mean to Argo CD."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError
from mooring.render.globs import compile_glob


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.yaml", "a.yaml", True),
        ("*.yaml", "deep/in/a.yaml", True),
        ("*.yaml", "a.yml", False),
        ("**", "deep/a.yaml", True),
        ("deep/*", "deep/in/a.yaml", True),
        ("deep/*", "other/a.yaml", False),
        ("config.?aml", "config.yaml", True),
        ("{config.yaml,env-use2/*}", "config.yaml", True),
        ("{config.yaml,env-use2/*}", "env-use2/a.yaml", True),
        ("{config.yaml,env-use2/*}", "env-usw1/a.yaml", False),
        ("{a,{b,c}d}.yaml", "cd.yaml", True),
        ("[ab]*.yaml", "b1.yaml", True),
        ("[!ab]*.yaml", "b1.yaml", False),
        ("[a-c].yaml", "b.yaml", True),
        ("[^a].yaml", "^.yaml", True),
        ("a,b.yaml", "a,b.yaml", True),
        (r"\*.yaml", "*.yaml", True),
        (r"\*.yaml", "a.yaml", False),
        ("a+(b).yaml", "a+(b).yaml", True),
        ("a}", "a}", True),
    ],
)
def test_a_glob_matches(pattern: str, path: str, expected: bool) -> None:
    """No character is a separator, braces alternate, brackets list."""
    assert expected == bool(compile_glob(pattern, field="f").fullmatch(path))


@pytest.mark.parametrize("pattern", ["{a,b", "[ab", "[", "[z-a]"])
def test_a_glob_that_does_not_close_is_refused(pattern: str) -> None:
    """The error names the field."""
    with pytest.raises(ConfigurationError) as raised:
        compile_glob(pattern, field="spec.source.directory.include")
    assert "spec.source.directory.include" == raised.value.field
