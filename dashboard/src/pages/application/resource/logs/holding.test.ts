import { describe, expect, test } from "vitest";

import { commonPart, fileOf, type Held, type Logs, nothing, pauseBefore, plain, withRange } from "./holding";
import { queryOf, readOptions, writeOptions } from "./options";

const at = (seconds: number) => `2026-03-01T02:00:${String(seconds).padStart(2, "0")}.000000000Z`;

function range(lines: readonly (readonly [number, string, string?])[], more: Partial<Logs> = {}): Logs {
  return {
    lines: lines.map(([second, text, pod = "web-1"]) => ({ at: at(second), pod, container: "web", text })),
    cursor: "c",
    more: false,
    streams: [],
    podsLeftOut: 0,
    ...more,
  };
}

const texts = (held: Held) => held.lines.map(({ text }) => text);

describe("ranges", () => {
  test("come one after the other, and the cursor is the newest", () => {
    const first = withRange(
      nothing,
      range(
        [
          [1, "a"],
          [2, "b"],
        ],
        { cursor: "one", more: true },
      ),
    );
    const second = withRange(first, range([[3, "c"]], { cursor: "two" }));
    expect(texts(second)).toEqual(["a", "b", "c"]);
    expect([second.cursor, second.more]).toEqual(["two", false]);
    // An answer of no container at all has no cursor: where the reader stood still counts.
    expect(withRange(second, range([], { cursor: "" })).cursor).toBe("two");
  });

  test("of several pods are merged by time, also with what came before", () => {
    const first = withRange(
      nothing,
      range([
        [1, "a1", "a"],
        [4, "a4", "a"],
      ]),
    );
    const second = withRange(
      first,
      range([
        [2, "b2", "b"],
        [3, "b3", "b"],
        [5, "a5", "a"],
      ]),
    );
    expect(texts(second)).toEqual(["a1", "b2", "b3", "a4", "a5"]);
  });

  test("lines of the same moment keep the order in which they came, and no line is lost", () => {
    const first = withRange(
      nothing,
      range([
        [1, "one"],
        [2, "two"],
      ]),
    );
    expect(
      texts(
        withRange(
          first,
          range([
            [2, "three"],
            [2, "four"],
          ]),
        ),
      ),
    ).toEqual(["one", "two", "three", "four"]);
    const timeless = { ...range([]), lines: [{ at: "", pod: "p", container: "c", text: "odd" }] };
    expect(texts(withRange(first, timeless))).toEqual(["one", "two", "odd"]);
  });

  test("a page holds so many lines, and says how many it dropped; a line keeps its id", () => {
    let held = nothing;
    for (let n = 0; n < 50; n += 1) held = withRange(held, range([[n, `line ${n}`]]), 10);
    expect(held.lines).toHaveLength(10);
    expect([held.dropped, held.came]).toEqual([40, 50]);
    expect(held.lines[0]).toMatchObject({ text: "line 40", id: 40 });
    expect(new Set(held.lines.map(({ id }) => id)).size).toBe(10);
  });
});

test("colours and movements of terminals are no text", () => {
  expect(plain("\u001b[31merror\u001b[0m\tat\u001b]0;title\u0007 x\r")).toBe("error\tat x");
});

test("pods are told apart by what their names do not share", () => {
  expect(commonPart(["web-7d4b9c-aaaaa", "web-7d4b9c-abbbb"])).toBe("web-7d4b9c-");
  expect(commonPart(["web-1-a", "web-2-a"])).toBe("web-");
  expect(commonPart(["alone-1"])).toBe("");
  expect(commonPart(["db", "web"])).toBe("");
});

test("a file has what the page shows", () => {
  const { lines } = range([[1, "a b"]]);
  expect(fileOf(lines, { names: false, times: false })).toBe("a b\n");
  expect(fileOf(lines, { names: true, times: true })).toBe(`${at(1)} web-1/web a b\n`);
});

test("it is asked again at once where there is more, and more rarely while nothing comes", () => {
  expect([pauseBefore(true, 9), pauseBefore(false, 0), pauseBefore(false, 99)]).toEqual([0, 1500, 4000]);
});

test("options stand in the address, and what is as usual does not", () => {
  const options = { ...readOptions(new URLSearchParams("")), container: "*", since: "900", wrap: false };
  const written = writeOptions(new URLSearchParams("resource=x&log.filter=old"), { ...options, filter: "" });
  expect(written.toString()).toBe("resource=x&log.container=*&log.since=900&log.wrap=false");
  expect(readOptions(written)).toEqual(options);
  expect(queryOf(options, "c")).toMatchObject({ container: "*", sinceSeconds: "900", tailLines: 10_000, cursor: "c" });
  expect(readOptions(new URLSearchParams("log.since=nonsense")).since).toBe("");
});
