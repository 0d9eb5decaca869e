"""Laws of rewriting the keys of ExternalSecrets, through the program that evaluates Go's regular expressions."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.tools import ensure
from mooring.errors import ConfigurationError
from mooring.model.externalsecret import MergeRewrite, RegexpRewrite, TransformRewrite
from mooring.secrets.external.rewriting import matching, rewrite
from mooring.secrets.external.templating import Templates
from mooring.source.gokit import GoKit

KEYS = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1), st.binary(), max_size=6
)
LAW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates(GoKit(str(ensure(("gokit",), print)["gokit"])).ask)


@LAW
@given(keys=KEYS)
def test_identities(templates: Templates, keys: dict[str, bytes]) -> None:
    """GIVEN any keys WHEN rewritten to themselves THEN nothing has changed, whatever characters they have."""
    steps = [RegexpRewrite("^(?s:(.*))$", "${1}"), TransformRewrite("{{ .value }}"), RegexpRewrite("never\\z\\A", "x")]
    assert keys == rewrite(keys, steps, templates)
    assert list(keys) == matching(list(keys), "(?s)^.*$", templates, "find")


@LAW
@given(
    keys=KEYS, source=st.sampled_from(["[aeiou]", "^.", "\\d+", "(a)(b)?"]), target=st.sampled_from(["", "_", "$1-"])
)
def test_no_value_is_lost(templates: Templates, keys: dict[str, bytes], source: str, target: str) -> None:
    """GIVEN any keys WHEN rewritten THEN every value is still there, or two keys became one and that is an error."""
    try:
        found = rewrite(keys, [RegexpRewrite(source, target)], templates)
    except ConfigurationError as error:
        assert "of more than one key" in str(error)
        return
    assert sorted(keys.values()) == sorted(found.values())


@pytest.mark.parametrize("source", ["(", "a(?=b)", "\\1"])
def test_what_re2_does_not_know_is_refused(templates: Templates, source: str) -> None:
    """GIVEN an expression of another dialect WHEN rewritten THEN it is refused by its field, as the operator does."""
    with pytest.raises(ConfigurationError, match=r"^rewrite\[0\]\.regexp: "):
        rewrite({"a": b""}, [RegexpRewrite(source, "")], templates)


def test_merging_prefers_what_has_priority(templates: Templates) -> None:
    """GIVEN objects with the same field WHEN merged THEN the last of the priority wins, and a stranger is an error."""
    keys = {"z": b'{"x": 1, "only": "z"}', "a": b'{"x": [2, 3]}', "m": b'{"x": "three"}'}
    merged = rewrite(keys, [MergeRewrite("", ("z", "a"), False, True, False)], templates)
    assert {"x": b"[2, 3]", "only": b"z"} == merged
    assert b"three" == rewrite(keys, [MergeRewrite("", ("m", "gone"), True, True, False)], templates)["x"]
    with pytest.raises(ConfigurationError, match="'gone', which is not among the keys"):
        rewrite(keys, [MergeRewrite("", ("gone",), False, True, False)], templates)
