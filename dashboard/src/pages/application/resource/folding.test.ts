import { expect, test } from "vitest";

import { endsOf, matchesOf, visible } from "./folding";

const lines = [
  "apiVersion: v1",
  "metadata:",
  "  labels:",
  "    a: b",
  "",
  "  name: x",
  "list:",
  "- a: 1",
  "  b: 2",
  "- c: 3",
  "end: 1",
];

test("a key folds what stands below it, a list included", () => {
  const ends = endsOf(lines);
  expect([ends[0], ends[1], ends[2], ends[6], ends[7], ends[10]]).toEqual([1, 6, 4, 10, 9, 11]);
  expect(visible(ends, new Set([1, 6])).map((at) => lines[at])).toEqual([
    "apiVersion: v1",
    "metadata:",
    "list:",
    "end: 1",
  ]);
  expect(visible(ends, new Set())).toHaveLength(lines.length);
  expect(endsOf([])).toEqual([]);
});

test("words are found whatever their case, each place once", () => {
  expect(matchesOf(["aXbx", "none", "xx"], "X")).toEqual([
    { line: 0, from: 1, to: 2 },
    { line: 0, from: 3, to: 4 },
    { line: 2, from: 0, to: 1 },
    { line: 2, from: 1, to: 2 },
  ]);
  expect(matchesOf(lines, "")).toEqual([]);
});
