"""What a script finds around it, written in Lua: the safe part of the standard library, a clock and no way out.

Argo CD opens the base and table libraries and `os.time` and `os.date` for such scripts, and the rest of the standard
library on request (documentation, "Resource Health", `useOpenLibs`). Here all scripts have base, table, string, math
and those two, and none has io, package, debug, coroutine, `load` or `collectgarbage`.

The limit on time is a count hook. What would run where no hook does is replaced: pattern matching, sorting without a
comparison, moving long tables about, error handlers (`xpcall`), finalizers (`__gc`), repeating an empty text. Past
its time a script is stopped at every single instruction, so that `pcall` can't hold on to it.
"""

from __future__ import annotations

from mooring.health.lua_patterns import PATTERNS

__all__ = ["ACTION_SANDBOX", "SANDBOX"]

_LIBRARY = r"""
local native_load, native_setmetatable, sethook, clock = load, setmetatable, debug.sethook, os.clock
local rep, native_sort, date, time = string.rep, table.sort, os.date, os.time
local LONGEST, STEPS = 1e6, 100

function string.rep(s, n, between)
  local length = #tostring(s) + #tostring(between or "")
  if length == 0 then return "" end
  if length * (tonumber(n) or 0) > LONGEST then error("resulting string too large", 2) end
  return rep(s, n, between)
end
string.dump = nil

function table.sort(list, before)
  return native_sort(list, before or function(a, b) return a < b end)
end

function table.insert(list, ...)
  local count, n = select("#", ...), rawlen(list)
  if count == 1 then
    list[n + 1] = (...)
  elseif count == 2 then
    local at, value = ...
    if type(at) ~= "number" or at < 1 or at > n + 1 then
      error("bad argument #2 to 'insert' (position out of bounds)", 2)
    end
    for moved = n + 1, at + 1, -1 do list[moved] = list[moved - 1] end
    list[at] = value
  else
    error("wrong number of arguments to 'insert'", 2)
  end
end

function table.remove(list, at)
  local n = rawlen(list)
  if n == 0 then return nil end
  at = at or n
  if at < 1 or at > n + 1 then error("bad argument #1 to 'remove' (position out of bounds)", 2) end
  local value = list[at]
  for moved = at, n - 1 do list[moved] = list[moved + 1] end
  if at <= n then list[n] = nil end
  return value
end

function table.getn(list) return rawlen(list) end

function table.maxn(list)
  local most = 0
  for key in next, list do
    if type(key) == "number" and key > most then most = key end
  end
  return most
end

local function guarded_setmetatable(value, meta)
  if type(meta) == "table" and (rawget(meta, "__gc") ~= nil or rawget(meta, "__len") ~= nil) then
    error("__gc and __len are not available", 2)
  end
  return native_setmetatable(value, meta)
end

local function guarded_xpcall(f, handler, ...)
  local results = table.pack(pcall(f, ...))
  if results[1] then return table.unpack(results, 1, results.n) end
  return false, handler(results[2])
end

math.randomseed = nil
local safe_os = { time = time, date = date }
local modules = { os = safe_os, string = string, table = table, math = math }

local world = {
  assert = assert, error = error, ipairs = ipairs, next = next, pairs = pairs, pcall = pcall,
  rawequal = rawequal, rawget = rawget, rawlen = rawlen, rawset = rawset, select = select,
  tonumber = tonumber, tostring = tostring, type = type, unpack = table.unpack, _VERSION = _VERSION,
  setmetatable = guarded_setmetatable, getmetatable = getmetatable, xpcall = guarded_xpcall,
  string = string, table = table, math = math, os = safe_os,
  print = function() end,
  require = function(name)
    return modules[name] or error("module '" .. tostring(name) .. "' is not available to health scripts", 2)
  end,
}
world._G = world

local strings = getmetatable("")
strings.__index, strings.__metatable = string, false
debug, load, loadstring, loadfile, dofile, require, package, io, coroutine, collectgarbage, python = nil
"""

_HEALTH = r"""
return function(script, object, seconds)
  world.obj = object
  local chunk, problem = native_load(script, "=health.lua", "t", world)
  if not chunk then return "error", problem end
  local stop = clock() + seconds
  local function watch()
    if clock() >= stop then
      sethook(watch, "", 1)
      error("TIME", 0)
    end
  end
  sethook(watch, "", STEPS)
  local well, answer = pcall(chunk)
  if not well then
    return "error", type(answer) == "string" and answer or "the error is a " .. type(answer)
  end
  if type(answer) ~= "table" then return "not a table", type(answer) end
  local status, message = rawget(answer, "status"), rawget(answer, "message")
  if type(message) == "number" then message = tostring(message) end
  return "answer", type(status) == "string" and status or "", type(message) == "string" and message or ""
end
"""

_ACTIONS = r"""
local find, sub, byte, form, huge = string.find, string.sub, string.byte, string.format, math.huge

local function quoted(text)
  local parts, from = {}, 1
  for at = 1, #text do
    local code = byte(text, at)
    if code < 32 or code == 34 or code == 92 then
      parts[#parts + 1] = sub(text, from, at - 1)
      parts[#parts + 1] = form("\\u%04x", code)
      from = at + 1
    end
  end
  parts[#parts + 1] = sub(text, from)
  return '"' .. table.concat(parts) .. '"'
end

local function spelt(value, out, depth)
  local kind = type(value)
  if kind == "table" then
    if depth == 0 then error("what it returns is nested too deeply", 0) end
    local n, list = rawlen(value), true
    for key in next, value do
      if type(key) ~= "number" or key < 1 or key > n or key % 1 ~= 0 then list = false break end
    end
    if list and n > 0 then
      out[#out + 1] = "["
      for at = 1, n do
        if at > 1 then out[#out + 1] = "," end
        spelt(rawget(value, at), out, depth - 1)
      end
      out[#out + 1] = "]"
    else
      out[#out + 1] = "{"
      local more = false
      for key, member in next, value do
        if type(key) ~= "string" then error("what it returns has a key that is no text: " .. tostring(key), 0) end
        if more then out[#out + 1] = "," end
        more = true
        out[#out + 1] = quoted(key) .. ":"
        spelt(member, out, depth - 1)
      end
      out[#out + 1] = "}"
    end
  elseif kind == "string" then
    out[#out + 1] = quoted(value)
  elseif kind == "number" then
    if value ~= value or value == huge or value == -huge then error("what it returns has a number that is none", 0) end
    out[#out + 1] = value % 1 == 0 and form("%.0f", value) or form("%.17g", value)
  elseif kind == "boolean" then
    out[#out + 1] = tostring(value)
  elseif kind == "nil" then
    out[#out + 1] = "null"
  else
    error("what it returns holds a " .. kind, 0)
  end
end

return function(script, object, parameters, seconds, deepest)
  world.obj, world.actionParams = object, parameters
  local chunk, problem = native_load(script, "=action.lua", "t", world)
  if not chunk then return "error", problem end
  local stop = clock() + seconds
  local function watch()
    if clock() >= stop then
      sethook(watch, "", 1)
      error("TIME", 0)
    end
  end
  sethook(watch, "", STEPS)
  local out = {}
  local well, answer = pcall(function() spelt(chunk(), out, deepest) end)
  if not well then
    return "error", type(answer) == "string" and answer or "the error is a " .. type(answer)
  end
  return "answer", table.concat(out)
end
"""

SANDBOX = f"{PATTERNS}\n{_LIBRARY}\n{_HEALTH}"
ACTION_SANDBOX = f"{PATTERNS}\n{_LIBRARY}\n{_ACTIONS}"
