"""Our pattern matcher in Lua against Lua's own in C: same answers, same errors."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lupa import lua52

from mooring.health.lua_patterns import PATTERNS

ASK = """
return function(name, s, p, third)
  if name == "gmatch" then
    local all = {}
    for a, b in string.gmatch(s, p) do
      all[#all + 1] = tostring(a) .. "/" .. tostring(b)
      if #all > 50 then break end
    end
    return table.concat(all, ",")
  end
  local results = table.pack(string[name](s, p, third))
  for at = 1, results.n do results[at] = tostring(results[at]) end
  return table.concat(results, ",", 1, results.n)
end
"""


def answers(name: str, text: str, pattern: str, third: Any) -> list[str]:
    found = []
    for ours in (False, True):
        lua = lua52.LuaRuntime(encoding="latin-1")
        if ours:
            lua.execute(PATTERNS)
        try:
            found.append(lua.execute(ASK)(name, text, pattern, third))
        except lua52.LuaError as error:
            found.append(f"error: {str(error).partition(chr(10))[0].rpartition(': ')[2].partition(' (')[0]}")
    return found


ATOMS = st.sampled_from(
    [
        *"ab. -]",
        "%a",
        "%d",
        "%s",
        "%w",
        "%S",
        "%.",
        "%%",
        "%b()",
        "%f[%w]",
        "%1",
        "[ab]",
        "[^a]",
        "[a-c%d]",
        "[]]",
        "()",
    ]
)
TIMES = st.sampled_from(["", "", "", "*", "+", "-", "?"])
PIECES = st.lists(st.tuples(ATOMS, TIMES).map("".join), max_size=4).map("".join)
WHOLE = st.builds(
    lambda start, left, inner, right, end: start + left + inner + right + end,
    st.sampled_from(["", "^"]),
    PIECES,
    st.one_of(st.just(""), PIECES.map(lambda piece: f"({piece})")),
    PIECES,
    st.sampled_from(["", "$"]),
)
BROKEN = st.text("ab%[]()^$*+-?.1bf", max_size=6)
TEXTS = st.text("ab1 ().c-]", max_size=12)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(["find", "match", "gmatch"]), TEXTS, WHOLE | BROKEN, st.none() | st.integers(-4, 14))
def test_searching(name: str, text: str, pattern: str, init: int | None) -> None:
    """Any pattern finds the same in any text, from any start."""
    theirs, ours = answers(name, text, pattern, init)
    assert theirs == ours


@settings(max_examples=400, deadline=None)
@given(TEXTS, WHOLE | BROKEN, st.sampled_from(["", "x", "<%0>", "%1%1", "%%", "%2", "%x"]))
@example("", "(", "%2")
def test_replacing(text: str, pattern: str, replacement: str) -> None:
    """Any pattern replaces the same in any text, captures included."""
    theirs, ours = answers("gsub", text, pattern, replacement)
    assert theirs == ours


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("return ('a b'):gsub('%w', {a = 'x'})", ("x b", 2)),
        ("return ('a b'):gsub('%w', function(c) return c == 'b' and 7 end)", ("a 7", 2)),
        ("return ('aaa'):gsub('a', 'b', 2)", ("bba", 2)),
        ("return ('a.b'):find('.', 1, true)", (2, 2)),
        ("return ('abc'):find('')", (1, 0)),
        ("return ('abc'):find('', 10)", None),
        ("return string.match(12, '%d')", "1"),
    ],
)
def test_by_example(script: str, expected: Any) -> None:
    """Tables, functions, limits, plain searches and numbers, as in the manual."""
    lua = lua52.LuaRuntime()
    lua.execute(PATTERNS)
    assert expected == lua.execute(script)
