"""Lua's string patterns, written in Lua, so that the script's clock sees every step of a match.

Lua's own matcher is C: no hook runs inside it, and a pattern of a few dozen characters can keep it busy for hours
(`("a"):rep(1e5):find((".-"):rep(20) .. "b")`). The health scripts of Argo CD match short texts, so a matcher that is
sixty times slower costs them nothing. What it accepts and answers is what the Lua 5.2 reference manual says (6.4.1,
"Patterns"); a test compares it with Lua's own, pattern by pattern.
"""

from __future__ import annotations

__all__ = ["PATTERNS"]

PATTERNS = r"""
local find_native, byte, sub = string.find, string.byte, string.sub
local concat, unpack = table.concat, table.unpack
local OPEN, POSITION = -1, -2
local match

local function text(value, which, name)
  if type(value) == "number" then return tostring(value) end
  if type(value) == "string" then return value end
  error("bad argument #" .. which .. " to '" .. name .. "' (string expected, got " .. type(value) .. ")", 3)
end

local function class_end(p, at)
  local c = byte(p, at)
  if c == 37 then
    if at >= #p then error("malformed pattern (ends with '%')", 0) end
    return at + 2
  end
  if c ~= 91 then return at + 1 end
  at = at + 1
  if byte(p, at) == 94 then at = at + 1 end
  repeat
    if at > #p then error("malformed pattern (missing ']')", 0) end
    local member = byte(p, at)
    at = at + 1
    if member == 37 and at <= #p then at = at + 1 end
  until byte(p, at) == 93
  return at + 1
end

local function single(m, si, pi, pe)
  if si > m.sn then return false end
  local c = byte(m.p, pi)
  if c == 46 then return true end
  if c == 37 or c == 91 then return find_native(sub(m.s, si, si), sub(m.p, pi, pe - 1)) ~= nil end
  return byte(m.s, si) == c
end

local function capture(m, si, pi, length)
  local level = m.level + 1
  if level > 32 then error("too many captures", 0) end
  m.first[level], m.length[level], m.level = si, length, level
  local stop = match(m, si, pi)
  if not stop then m.level = m.level - 1 end
  return stop
end

local function close(m, si, pi)
  for level = m.level, 1, -1 do
    if m.length[level] == OPEN then
      m.length[level] = si - m.first[level]
      local stop = match(m, si, pi)
      if not stop then m.length[level] = OPEN end
      return stop
    end
  end
  error("invalid pattern capture", 0)
end

local function balance(m, si, pi)
  if pi + 1 > m.pn then error("malformed pattern (missing arguments to '%b')", 0) end
  local opening, closing, depth = byte(m.p, pi), byte(m.p, pi + 1), 1
  if byte(m.s, si) ~= opening then return nil end
  for at = si + 1, m.sn do
    local c = byte(m.s, at)
    if c == closing then
      depth = depth - 1
      if depth == 0 then return at + 1 end
    elseif c == opening then
      depth = depth + 1
    end
  end
  return nil
end

local function reference(m, si, digit)
  local level = digit - 48
  if level < 1 or level > m.level or m.length[level] == OPEN then
    error("invalid capture index %" .. level, 0)
  end
  local length = m.length[level]
  if length == POSITION then return nil end
  if sub(m.s, m.first[level], m.first[level] + length - 1) == sub(m.s, si, si + length - 1) then
    return si + length
  end
  return nil
end

local function frontier(m, si, pi, pe)
  local before = si == 1 and "\0" or sub(m.s, si - 1, si - 1)
  local here = si > m.sn and "\0" or sub(m.s, si, si)
  local set = sub(m.p, pi, pe - 1)
  return not find_native(before, set) and find_native(here, set)
end

match = function(m, si, pi)
  while pi <= m.pn do
    local c = byte(m.p, pi)
    if c == 40 then
      if byte(m.p, pi + 1) == 41 then return capture(m, si, pi + 2, POSITION) end
      return capture(m, si, pi + 1, OPEN)
    end
    if c == 41 then return close(m, si, pi + 1) end
    if c == 36 and pi == m.pn then return si == m.sn + 1 and si or nil end
    local follows = c == 37 and byte(m.p, pi + 1) or 0
    if follows == 98 then
      si = balance(m, si, pi + 2)
      if not si then return nil end
      pi = pi + 4
    elseif follows == 102 then
      pi = pi + 2
      if byte(m.p, pi) ~= 91 then error("missing '[' after '%f' in pattern", 0) end
      local pe = class_end(m.p, pi)
      if not frontier(m, si, pi, pe) then return nil end
      pi = pe
    elseif follows >= 48 and follows <= 57 then
      si = reference(m, si, follows)
      if not si then return nil end
      pi = pi + 2
    else
      local pe = class_end(m.p, pi)
      local times = byte(m.p, pe)
      if times == 63 then
        if single(m, si, pi, pe) then
          local stop = match(m, si + 1, pe + 1)
          if stop then return stop end
        end
        pi = pe + 1
      elseif times == 42 or times == 43 then
        local count, least = 0, times == 43 and 1 or 0
        while single(m, si + count, pi, pe) do count = count + 1 end
        while count >= least do
          local stop = match(m, si + count, pe + 1)
          if stop then return stop end
          count = count - 1
        end
        return nil
      elseif times == 45 then
        while true do
          local stop = match(m, si, pe + 1)
          if stop then return stop end
          if not single(m, si, pi, pe) then return nil end
          si = si + 1
        end
      elseif single(m, si, pi, pe) then
        si, pi = si + 1, pe
      else
        return nil
      end
    end
  end
  return si
end

local function prepared(s, p)
  return { s = s, p = p, sn = #s, pn = #p, level = 0, first = {}, length = {} }
end

local function attempt(m, si, pi)
  m.level = 0
  return match(m, si, pi)
end

local function captured(m, level)
  local length = m.length[level]
  if length == POSITION then return m.first[level] end
  if length == OPEN then error("unfinished capture", 0) end
  return sub(m.s, m.first[level], m.first[level] + length - 1)
end

local function one_capture(m, si, stop, index)
  if index == 1 and m.level == 0 then return sub(m.s, si, stop - 1) end
  if index > m.level then error("invalid capture index", 0) end
  return captured(m, index)
end

local function captures(m, si, stop, whole)
  if m.level == 0 and whole then return 1, { sub(m.s, si, stop - 1) } end
  local found = {}
  for level = 1, m.level do found[level] = captured(m, level) end
  return m.level, found
end

local function start_of(init, length)
  init = init == nil and 1 or tonumber(init) or error("bad argument #3 (number expected)", 3)
  if init < 0 then init = init + length + 1 end
  return init < 1 and 1 or math.floor(init)
end

local function first_match(s, p, init)
  local anchored = byte(p, 1) == 94
  local m = prepared(s, p)
  for si = init, anchored and init or #s + 1 do
    local stop = attempt(m, si, anchored and 2 or 1)
    if stop then return m, si, stop end
  end
end

local MOST_COMPARED = 1e8

function string.find(s, p, init, plain)
  s, p = text(s, 1, "find"), text(p, 2, "find")
  init = start_of(init, #s)
  if init > #s + 1 then return nil end
  if plain or not find_native(p, "[%^%$%*%+%?%.%(%[%%%-]") then
    if #s * #p > MOST_COMPARED then error("the text is too long to search", 2) end
    return find_native(s, p, init, true)
  end
  local m, si, stop = first_match(s, p, init)
  if not m then return nil end
  local count, found = captures(m, si, stop, false)
  return si, stop - 1, unpack(found, 1, count)
end

function string.match(s, p, init)
  s, p = text(s, 1, "match"), text(p, 2, "match")
  init = start_of(init, #s)
  if init > #s + 1 then return nil end
  local m, si, stop = first_match(s, p, init)
  if not m then return nil end
  local count, found = captures(m, si, stop, true)
  return unpack(found, 1, count)
end

function string.gmatch(s, p)
  s, p = text(s, 1, "gmatch"), text(p, 2, "gmatch")
  local m, at = prepared(s, p), 1
  return function()
    while at <= #s + 1 do
      local si = at
      local stop = attempt(m, si, 1)
      if stop then
        at = stop == si and stop + 1 or stop
        local count, found = captures(m, si, stop, true)
        return unpack(found, 1, count)
      end
      at = at + 1
    end
  end
end

local function filled(template, m, si, stop)
  local parts, at = {}, 1
  while true do
    local escape = find_native(template, "%", at, true)
    parts[#parts + 1] = sub(template, at, (escape or 0) - 1)
    if not escape then return concat(parts) end
    local c = byte(template, escape + 1)
    if c == 37 then
      parts[#parts + 1] = "%"
    elseif c == 48 then
      parts[#parts + 1] = sub(m.s, si, stop - 1)
    elseif c and c >= 49 and c <= 57 then
      parts[#parts + 1] = one_capture(m, si, stop, c - 48)
    else
      error("invalid use of '%' in replacement string", 0)
    end
    at = escape + 2
  end
end

function string.gsub(s, p, with, most)
  s, p = text(s, 1, "gsub"), text(p, 2, "gsub")
  local how = type(with)
  if how == "number" then with, how = tostring(with), "string" end
  if how ~= "string" and how ~= "table" and how ~= "function" then
    error("bad argument #3 to 'gsub' (string/function/table expected)", 2)
  end
  local anchored = byte(p, 1) == 94
  local m, parts, si, done = prepared(s, p), {}, 1, 0
  most = most or #s + 1
  while done < most do
    local stop = attempt(m, si, anchored and 2 or 1)
    if stop then
      done = done + 1
      local value
      if how == "string" then
        value = filled(with, m, si, stop)
      elseif how == "table" then
        value = with[one_capture(m, si, stop, 1)]
      else
        local count, found = captures(m, si, stop, true)
        value = with(unpack(found, 1, count))
      end
      if not value then
        value = sub(s, si, stop - 1)
      elseif type(value) ~= "string" and type(value) ~= "number" then
        error("invalid replacement value (a " .. type(value) .. ")", 2)
      end
      parts[#parts + 1] = value
    end
    if stop and stop > si then
      si = stop
    elseif si <= #s then
      parts[#parts + 1] = sub(s, si, si)
      si = si + 1
    else
      break
    end
    if anchored then break end
  end
  parts[#parts + 1] = sub(s, si)
  return concat(parts), done
end
"""
