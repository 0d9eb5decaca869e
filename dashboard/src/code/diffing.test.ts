import { describe, expect, test } from "vitest";

import { folded, inline, readUnified, rowsOf, unified, words } from "./diffing";
import { hiddenIn, piecesOf, textLines, tokensOf } from "./tokens";
import { linesOf } from "./yaml";

const deployment = (replicas: number, image: string) => ({
  kind: "Deployment",
  status: { ready: 1 },
  apiVersion: "apps/v1",
  spec: {
    replicas,
    template: { spec: { containers: [{ ports: [{ containerPort: 80 }], image, name: "web" }] } },
  },
  metadata: { labels: { z: "1", a: "2" }, name: "web" },
});

describe("manifests as lines", () => {
  test("keys have one order, so two spellings of one object are one text", () => {
    expect(linesOf({ kind: "A", spec: { b: 1, a: 2 }, metadata: { name: "x" }, apiVersion: "v1" })).toEqual(
      linesOf({ apiVersion: "v1", metadata: { name: "x" }, kind: "A", spec: { a: 2, b: 1 } }),
    );
    const lines = linesOf(deployment(1, "shop:1"));
    expect(lines[0]).toBe("apiVersion: apps/v1");
    expect(lines.at(-2)).toBe("status:");
    expect(lines).toContain("        - name: web");
  });

  test("texts of several lines are blocks, and nothing is folded or shared", () => {
    const shared = { a: 1 };
    expect(linesOf({ one: shared, other: shared, text: `${"x ".repeat(80)}y`, script: "a: 1\nb\n" })).toEqual([
      "one:",
      "  a: 1",
      "other:",
      "  a: 1",
      "script: |",
      "  a: 1",
      "  b",
      `text: ${"x ".repeat(80)}y`,
    ]);
    expect(linesOf(null)).toEqual([]);
  });
});

describe("two texts", () => {
  test("a line that changed is one row whose words are marked", () => {
    const rows = rowsOf(linesOf(deployment(3, "shop:1")), linesOf(deployment(2, "shop:1")));
    const changed = rows.filter((row) => !row.same);
    expect(changed).toHaveLength(1);
    expect(changed[0]?.left?.text).toBe("  replicas: 3");
    expect(changed[0]?.left?.marks).toEqual([[12, 13]]);
    expect(changed[0]?.right?.marks).toEqual([[12, 13]]);
    expect(changed[0]?.left?.no).toBe(changed[0]?.right?.no);
  });

  test("lines that came between others push nothing together that does not belong together", () => {
    const rows = rowsOf(["a: 1", "c: 3"], ["a: 1", "b: 2", "c: 4", "d: 5"]);
    expect(rows.map(({ left, right }) => [left?.text, right?.text])).toEqual([
      ["a: 1", "a: 1"],
      [undefined, "b: 2"],
      ["c: 3", "c: 4"],
      [undefined, "d: 5"],
    ]);
    expect(rows.map(({ right }) => right?.no)).toEqual([1, 2, 3, 4]);
  });

  test("an object that is new, or goes, has one side", () => {
    expect(rowsOf([], ["a", "b"]).every(({ left, same }) => left === undefined && !same)).toBe(true);
    expect(rowsOf(["a"], []).map(({ right }) => right)).toEqual([undefined]);
    expect(rowsOf([], [])).toEqual([]);
  });

  test("every line of both is there once, whatever they are", () => {
    let seed = 7;
    const next = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let round = 0; round < 200; round += 1) {
      const make = () =>
        Array.from({ length: next(12) }, () => `${" ".repeat(next(3))}${"abc"[next(3)] ?? ""}: ${next(3)}`);
      const before = make();
      const after = make();
      const rows = rowsOf(before, after);
      expect(rows.flatMap(({ left }) => (left === undefined ? [] : [left.text]))).toEqual(before);
      expect(rows.flatMap(({ right }) => (right === undefined ? [] : [right.text]))).toEqual(after);
      expect(rows.flatMap(({ left }) => (left === undefined ? [] : [left.no]))).toEqual(before.map((_, at) => at + 1));
      const again = readUnified(unified(rows, ["a", "b"], 100));
      const told = again.flatMap((item) =>
        item.kind === "row" && item.row.right !== undefined ? [item.row.right] : [],
      );
      if (rows.some((row) => !row.same)) expect(told.map(({ text }) => text)).toEqual(after);
    }
  });

  test("words are what differs, and not the line", () => {
    expect(words("image: shop:1.2.3", "image: shop:1.3.3")).toEqual([[[14, 15]], [[14, 15]]]);
  });
});

describe("folding", () => {
  const before = Array.from({ length: 100 }, (_, at) => `line ${at}`);
  const after = before.map((line, at) => (at === 50 ? "line fifty" : line));
  const rows = rowsOf(before, after);

  test("what stays is folded, but for three lines around", () => {
    const items = folded(rows, new Set());
    expect(items.map((item) => (item.kind === "fold" ? `${item.from}-${item.to}` : item.kind))).toEqual([
      "0-47",
      "row",
      "row",
      "row",
      "row",
      "row",
      "row",
      "row",
      "54-100",
    ]);
    expect(items.filter((item) => item.kind === "row" && item.first)).toHaveLength(1);
  });

  test("a fold that was opened stays open", () => {
    expect(folded(rows, new Set([0, 54])).filter((item) => item.kind === "row")).toHaveLength(100);
  });

  test("a fold says under which keys the text goes on", () => {
    const left = linesOf(deployment(2, "shop:1"));
    const items = folded(rowsOf(left, linesOf(deployment(2, "shop:2"))), new Set(), 1);
    expect(items[0]).toMatchObject({ kind: "fold", path: "spec › template › spec › containers" });
  });

  test("in one column what went stands before what came", () => {
    const items = inline(folded(rowsOf(["a: 1", "b: 1"], ["a: 2", "b: 2"]), new Set()));
    expect(items.map((item) => (item.kind === "line" ? item.line.sign + item.line.side.text : ""))).toEqual([
      "-a: 1",
      "-b: 1",
      "+a: 2",
      "+b: 2",
    ]);
    expect(items.map((item) => item.kind === "line" && item.first)).toEqual([true, false, false, false]);
  });
});

describe("differences of the API", () => {
  test("a unified text has its numbers, and gaps where lines are left out", () => {
    const items = readUnified(
      "--- live\n+++ desired\n@@ -7,3 +7,3 @@\n spec:\n-  replicas: 3\n+  replicas: 2\n   x: y\n",
    );
    expect(items.map((item) => (item.kind === "row" ? [item.row.left?.no, item.row.right?.no] : item.kind))).toEqual([
      "gap",
      [7, 7],
      [8, 8],
      [9, 9],
    ]);
    expect(items[2]).toMatchObject({ first: true, row: { left: { marks: [[12, 13]] } } });
  });

  test("an object that is made counts from one", () => {
    const [first, second] = readUnified("--- live\n+++ desired\n@@ -0,0 +1,2 @@\n+a: 1\n+b: 2\n");
    expect(first).toMatchObject({ kind: "row", row: { right: { no: 1 } } });
    expect(second).toMatchObject({ kind: "row", row: { right: { no: 2 } } });
  });
});

describe("colours", () => {
  const told = (line: string) => tokensOf(line).map(({ kind, text }) => `${kind}:${text}`);

  test("keys, numbers, words and texts are told apart", () => {
    expect(told("  - containerPort: 80")).toEqual(["plain:  ", "mark:- ", "key:containerPort", "mark:: ", "number:80"]);
    expect(told("on: true")).toEqual(["key:on", "mark:: ", "word:true"]);
    expect(told("image: shop:1")).toEqual(["key:image", "mark:: ", "text:shop:1"]);
    expect(told("- http://shop.test")).toEqual(["mark:- ", "text:http://shop.test"]);
    expect(told('"a: b": c')).toEqual(['key:"a: b"', "mark:: ", "text:c"]);
    expect(told("spec:")).toEqual(["key:spec", "mark::"]);
  });

  test("the inside of a block is text, whatever it looks like", () => {
    expect(textLines(["a:", "  run: |", "    b: 1", "", "    c", "  d: 2", "- |-", "  e: 1", "f: 1"])).toEqual([
      false,
      false,
      true,
      true,
      true,
      false,
      false,
      true,
      false,
    ]);
  });

  test("a value that is hidden is one piece, and is marked as one", () => {
    const tokens = tokensOf("  password: (hmac:0a1b2c3d, 12 bytes)");
    expect(tokens.at(-1)).toEqual({ kind: "hidden", text: "(hmac:0a1b2c3d, 12 bytes)" });
    expect(hiddenIn("(hmac:0a1b2c3d, 12 bytes)")).toEqual({ digest: "0a1b2c3d", bytes: 12 });
    const pieces = piecesOf(tokens, [[18, 26]]);
    expect(pieces.at(-1)).toMatchObject({ kind: "hidden", text: "(hmac:0a1b2c3d, 12 bytes)", marked: true });
  });

  test("marks cut tokens and leave the text as it is", () => {
    const line = "  image: shop:1.2";
    const pieces = piecesOf(tokensOf(line), [[13, 17]]);
    expect(pieces.map(({ text }) => text).join("")).toBe(line);
    expect(pieces.filter(({ marked }) => marked).map(({ text }) => text)).toEqual([":1.2"]);
  });
});
