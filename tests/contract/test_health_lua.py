"""Health scripts in a real Lua: what Argo CD's scripts use is there, and nothing of the machine is."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.health import Health, Rules, Status, assess, scripts_from_files
from mooring.health.lua import run_script

CPU_SECONDS = 0.05
STOPPED = "its health script failed: it took more than 0.05 s of CPU time and was stopped"
STARVED = "its health script failed: it needed more than 4 MiB of memory and was stopped"


def run(script: str, live: dict[str, Any] | None = None) -> Health:
    return run_script(script, live or {}, cpu_seconds=CPU_SECONDS, memory_bytes=4 * 2**20)


def says(expression: str, live: dict[str, Any] | None = None) -> str:
    health = run(f"return {{status = 'Healthy', message = tostring({expression})}}", live)
    assert "Healthy" == health.status, health
    return health.message


CONDITIONS = """
hs = { status = "Progressing", message = "waiting" }
if obj.status ~= nil and obj.status.conditions ~= nil then
  for i, condition in ipairs(obj.status.conditions) do
    if condition.observedGeneration ~= nil and condition.observedGeneration ~= obj.metadata.generation then
      goto continue
    end
    if condition.type == "Ready" then
      hs.status = condition.status == "True" and "Healthy" or "Degraded"
      hs.message = condition.reason .. ": " .. (condition.message or "")
    end
    ::continue::
  end
end
return hs
"""
READY = {"type": "Ready", "status": "True", "reason": "Up", "message": "fine", "observedGeneration": 2}


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        ({}, ("Progressing", "waiting")),
        ({"status": {"conditions": [READY]}}, ("Healthy", "Up: fine")),
        ({"status": {"conditions": [{**READY, "status": "False"}]}}, ("Degraded", "Up: fine")),
        ({"status": {"conditions": [{**READY, "observedGeneration": 1}]}}, ("Progressing", "waiting")),
        ({"status": {"conditions": [{**READY, "message": None}]}}, ("Healthy", "Up: ")),
    ],
)
def test_conditions(live: dict[str, Any], expected: tuple[Status, str]) -> None:
    """The commonest shape of a script, with globals, `ipairs` and `goto continue`, works as in Argo CD."""
    assert Health(*expected) == run(CONDITIONS, {"metadata": {"generation": 2}, **live})


COUNTING = """
local function default(field, otherwise)
  if field ~= nil then return field end
  return otherwise
end
local hs = {}
local wanted, ready = default(obj.spec.replicas, 1), default(obj.status.readyReplicas, 0)
if obj.status.parts ~= nil and table.getn(obj.status.parts) > 0 then
  hs.message = table.concat(obj.status.parts, "+") .. " " .. ready .. "/" .. wanted
end
if ready < wanted then
  hs.status = "Progressing"
elseif next(obj.status.failures) ~= nil then
  hs.status = "Degraded"
else
  hs.status = "Healthy"
end
return hs
"""


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({"replicas": 3}, {"readyReplicas": 1, "parts": ["a", "b"], "failures": {}}, ("Progressing", "a+b 1/3")),
        ({}, {"readyReplicas": 1, "parts": [], "failures": {"x": 1}}, ("Degraded", "")),
        ({"replicas": 0}, {"parts": ["a"], "failures": {}}, ("Healthy", "a 0/0")),
    ],
)
def test_numbers_and_tables(spec: dict[str, Any], status: dict[str, Any], expected: tuple[Status, str]) -> None:
    """Whole numbers print as such, empty objects are empty tables, and Lua 5.1's table functions are there."""
    assert Health(*expected) == run(COUNTING, {"spec": spec, "status": status})


TIMES = """
local os = require("os")
local year, month, day, hour, min, sec = obj.at:match("(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)Z")
local at = os.time({year=year, month=month, day=day, hour=hour, min=min, sec=sec})
local hs = {}
if at < os.time() then hs.status = "Degraded" else hs.status = "Healthy" end
hs.message = os.date("%Y", at)
return hs
"""


def test_times() -> None:
    """Times in a status can be taken apart and compared with now."""
    assert Health("Degraded", "2020") == run(TIMES, {"at": "2020-06-15T12:00:00Z"})
    assert Health("Healthy", "2199") == run(TIMES, {"at": "2199-06-15T12:00:00Z"})


def test_a_folder_of_scripts() -> None:
    """GIVEN a folder as in any repository THEN its scripts judge their kinds through `assess`, wildcards included."""
    folder = {"_.example.com/_/health.lua": CONDITIONS, "example.com/Widget/health.lua": "return {status='Suspended'}"}
    rules = Rules((scripts_from_files(folder),))
    assert Health("Suspended") == assess({"apiVersion": "example.com/v1", "kind": "Widget"}, rules)
    live = {"apiVersion": "a.example.com/v1", "kind": "Nut", "metadata": {"generation": 2}}
    assert Health("Healthy", "Up: fine") == assess({**live, "status": {"conditions": [READY]}}, rules)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("return nil", ("Healthy", "")),
        ("", ("Healthy", "")),
        ("return {status='Missing', message=12}", ("Missing", "12")),
        ("return {status='Healthy', message={}}", ("Healthy", "")),
        ("return {status='Great'}", ("Unknown", 'its health script returned no valid status, but "Great"')),
        ("return {}", ("Unknown", 'its health script returned no valid status, but ""')),
        (
            "return 'Healthy'",
            ("Unknown", "its health script failed: it must return a table with a status, not a string"),
        ),
        (
            "return obj.status.phase",
            ("Unknown", "its health script failed: health.lua:1: attempt to index field 'status' (a nil value)"),
        ),
        ("return {", ("Unknown", "its health script failed: health.lua:1: unexpected symbol near <eof>")),
        ("error('no')", ("Unknown", "its health script failed: health.lua:1: no")),
        ("error('TIME', 0)", ("Unknown", "its health script failed: TIME")),
        ("error({})", ("Unknown", "its health script failed: the error is a table")),
        (
            "return {status='Healthy', message='\\255'}",
            ("Unknown", "its health script failed: its message is not UTF-8"),
        ),
    ],
)
def test_answers(script: str, expected: tuple[Status, str]) -> None:
    """What a script returns is checked, and what goes wrong in it is said, with the line."""
    assert Health(*expected) == run(script)


@pytest.mark.parametrize(
    "script",
    [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "local function again() return pcall(again) end while true do again() end",
        "xpcall(error, function() while true do end end)",
        "local t = setmetatable({}, {__index = function() while true do end end}) return t.x",
        "while true do string.rep('', 1e18) end",
        "local t = {} for i = 1, 1000 do t[i] = i % 7 end while true do table.sort(t) end",
        "local t = {} for i = 1, 1000 do t[i] = i end while true do table.insert(t, 1, table.remove(t, 1)) end",
        "return ('a'):rep(1e4):find(('.-'):rep(20) .. 'b')",
        "return ('a'):rep(28):match(('a?'):rep(28) .. ('a'):rep(28))",
        "return ('a'):rep(1e4):gsub(('a*'):rep(20) .. 'b', 'x')",
        "for word in ('a'):rep(1e4):gmatch(('.*'):rep(20) .. 'b') do end",
        "while true do obj.x = tostring(obj) end",
    ],
)
def test_endless_scripts_are_stopped(script: str) -> None:
    """GIVEN a script that doesn't end, whatever holds it THEN it is stopped at its limit and its object is unknown."""
    assert Health("Unknown", STOPPED) == run(script)


@pytest.mark.parametrize(
    "script",
    [
        "local t = {} while true do t[#t + 1] = 'x' .. #t end",
        "local s = 'x' while true do s = s .. s end",
        "local t = {} while true do t = {t, t, t, t} obj[#obj + 1] = t end",
    ],
)
def test_hungry_scripts_are_stopped(script: str) -> None:
    """GIVEN a script that takes memory without end THEN it is stopped, and the process lives on."""
    assert Health("Unknown", STARVED) == run_script(script, {}, cpu_seconds=5, memory_bytes=4 * 2**20)


def test_a_large_repetition_is_refused() -> None:
    """`string.rep` makes no text of a gigabyte, by either of its names."""
    for script in ("return string.rep('x', 1e9)", "return ('x'):rep(1e9)", "return ('x'):rep(1e5, ('y'):rep(1e5))"):
        assert run(script).message.endswith("resulting string too large")


def test_a_large_object_does_not_count_as_the_scripts_memory() -> None:
    """GIVEN an object larger than a script's memory THEN its script runs all the same."""
    live = {"items": [{"name": f"item-{number}"} for number in range(100_000)]}
    assert "100000" == says("#obj.items", live)


@pytest.mark.parametrize(
    "name",
    [
        *("io", "debug", "package", "coroutine", "python", "load", "loadstring", "loadfile", "dofile"),
        *("collectgarbage", "newproxy", "module", "os.execute", "os.exit", "os.getenv", "os.remove", "os.rename"),
        *("os.tmpname", "os.clock", "os.setlocale", "string.dump", "_G.io", "_G._G.debug", "math.randomseed"),
    ],
)
def test_nothing_of_the_machine_is_there(name: str) -> None:
    """No files, no processes, no environment, no bytecode, no Python."""
    assert "nil" == says(name)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("os.execute('true')", "attempt to call field 'execute' (a nil value)"),
        ("io.open('/etc/passwd')", "attempt to index global 'io' (a nil value)"),
        ("require('io')", "module 'io' is not available to health scripts"),
        ("require('socket')", "module 'socket' is not available to health scripts"),
        ("setmetatable({}, {__gc = print})", "__gc and __len are not available"),
        ("getmetatable('').__index = {}", "attempt to index a boolean value"),
        ("\x1bLua", "attempt to load a binary chunk (mode is 't')"),
    ],
)
def test_ways_out_are_closed(script: str, words: str) -> None:
    """Each try to get out fails with an error that names it."""
    health = run(script)
    assert "Unknown" == health.status
    assert words in health.message


def test_scripts_leave_nothing_behind() -> None:
    """GIVEN a script that changes the library THEN the next script finds it whole."""
    assert "Healthy" == run("string.find = nil; math.floor = nil; leak = 1; return {status='Healthy'}").status
    assert "function nil" == says("type(string.find) .. ' ' .. tostring(leak)")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("\ud800", "the object can't be handed to it"),
        (10**400, "the object can't be handed to it"),
        (2**70, ""),
        (float("inf"), ""),
    ],
)
def test_odd_values(value: Any, words: str) -> None:
    """Values that Lua can't hold make the object unknown, and never an exception."""
    health = run("return {status='Healthy'}", {"value": value})
    assert ("Unknown" if words else "Healthy") == health.status
    assert words in health.message


def test_bottomless_objects() -> None:
    """GIVEN an object nested beyond measure THEN its health is unknown, and Lua's stack is not overrun."""
    deep: Any = []
    for _ in range(20_000):
        deep = [deep]
    assert "nested more than" in run("return {status='Healthy'}", {"deep": deep}).message


def test_long_scripts_and_messages() -> None:
    """Scripts beyond 256 KiB are refused, messages cut at 4,096 characters."""
    assert "Unknown" == run("-- " + "x" * 300_000).status
    assert 4096 == len(run("return {status='Healthy', message=('é'):rep(5000)}").message)


def test_library() -> None:
    """The parts of the library that are our own behave as the manual says."""
    assert "1,9,2,3" == says("(function() local t={1,2,3} table.insert(t,2,9) return table.concat(t,',') end)()")
    assert "1 2" == says("(function() local t={1,2} local x=table.remove(t,1) return x..' '..t[1] end)()")
    assert "3 nil" == says("(function() local t={1,2,3} local x=table.remove(t) return x..' '..tostring(t[3]) end)()")
    assert "nil" == says("table.remove({})")
    assert "c,b,a" == says(
        "(function() local t={'b','a','c'} table.sort(t,function(x,y) return x>y end) return table.concat(t,',') end)()"
    )
    assert "7" == says("table.maxn({[3]=1,[7]=1,x=1})")
    assert "true 1 2" == says(
        "table.concat({tostring(select(1,xpcall(function(...) return ... end,print,1,2))),1,2},' ')"
    )
    assert "caught" == says("select(2, xpcall(error, function() return 'caught' end))")
    assert "x-x" == says("string.rep('x', 2, '-')")
    assert "true" == says("require('string') == string and _G._G == _G and unpack ~= nil and print() == nil")
    assert "position out of bounds" in run("table.insert({}, 5, 1)").message
    assert "position out of bounds" in run("table.remove({1}, 5)").message
    assert "wrong number" in run("table.insert({})").message
