import { expect, test } from "vitest";

import { type Changed, entriesOf, idOf, stopsOf, wantedOf } from "./listing";

function changed(name: string, kind: Changed["diff"]["kind"], text: string, cut = false): Changed {
  const changes = [{ path: ".data.a", before: "1", after: "2", kind: "changed" as const }];
  const diff = { kind, dryRun: "done", changes, text, ...(cut ? { cut } : {}) };
  return { group: "", version: "v1", kind: "ConfigMap", namespace: "shop", name, diff };
}

const one = changed("one", "changed", "--- live\n+++ desired\n@@ -1,2 +1,2 @@\n x: 1\n-a: 1\n+a: 2\n");
const two = changed("two", "added", "--- live\n+++ desired\n@@ -0,0 +1,2 @@\n+a: 1\n+b: 2\n");
const large = changed("large", "changed", "", true);

test("each object has its line, and below it what differs", () => {
  const entries = entriesOf([one, two], new Set(), true);
  expect(entries.map(({ kind }) => kind)).toEqual(["object", "part", "part", "object", "part", "part"]);
  expect(entries.slice(4).map((each) => each.kind === "part" && each.item.kind)).toEqual(["line", "line"]);
  expect(stopsOf(entries)).toEqual([2, 4]);
  // In one column, what went and what came are two lines of one change.
  expect(stopsOf(entriesOf([one], new Set(), false))).toEqual([2]);
});

test("an object that is closed, or was too large to send, is one stop", () => {
  const entries = entriesOf([one, large], new Set([idOf(one)]), true);
  expect(entries.map(({ kind }) => kind)).toEqual(["object", "object", "cut"]);
  expect(stopsOf(entries)).toEqual([0, 2]);
});

test("objects are found by their names, their fields and how they change", () => {
  expect(wantedOf([one, two], { sought: "configmap TWO", kind: "" })).toEqual([two]);
  expect(wantedOf([one, two], { sought: ".data.a", kind: "changed" })).toEqual([one]);
  expect(wantedOf([one, two], { sought: "three", kind: "" })).toEqual([]);
});
