import { afterEach, describe, expect, it, vi } from "vitest";

import { queryOf as driftQuery, readChoice } from "@/pages/drift/choosing";

import { forget, get, tagOf } from "./client";
import { keeping, unasked } from "./kept";

const minute = 60_000;

describe("what was read", () => {
  it("is held as long as it is asked for, through an hour with ever new addresses", () => {
    let now = 0;
    const kept = keeping(150, 5 * minute, () => now);
    let most = 0;
    for (; now < 60 * minute; now += minute / 4) {
      kept.keep(`/operations/${now}`, `"${now}"`, { now });
      kept.keep("/applications", '"list"', []);
      most = Math.max(most, kept.count().answers);
    }
    expect(most).toBe(1 + (5 * minute) / (minute / 4));
    expect(kept.find("/applications")).toMatchObject({ tag: '"list"' });
    expect(kept.find("/operations/0")).toBeUndefined();
  });

  it("leaves a while after it was last asked for, although nothing new comes", () => {
    let now = 0;
    const kept = keeping(150, 5 * minute, () => now);
    kept.keep("/projects", '"1"', {});
    now = 5 * minute - 1;
    expect(kept.find("/projects")).toBeDefined();
    now += 1;
    expect([kept.find("/projects"), kept.count()]).toEqual([undefined, { answers: 0, tags: 1 }]);
  });

  it("has an end when everything is asked for at once, and the oldest goes first", () => {
    const kept = keeping(3, 5 * minute, () => 0);
    for (const name of ["a", "b", "a", "c", "d"]) kept.keep(name, `"${name}"`, name);
    expect(["a", "b", "c", "d"].map((name) => kept.find(name)?.value)).toEqual(["a", undefined, "c", "d"]);
    expect(kept.count()).toEqual({ answers: 3, tags: 3 });
  });

  it("is nobody's once it is forgotten", () => {
    const kept = keeping();
    kept.keep("/session", '"1"', {});
    kept.clear();
    expect([kept.find("/session"), kept.tagOf("/session")]).toEqual([undefined, undefined]);
  });
});

describe("a document that stays open", () => {
  afterEach(() => {
    forget();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("is changed with the tag that was read, and is asked for as a whole, an hour later", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const asked: (string | undefined)[] = [];
    const answer = (_: string, { headers }: { headers: Record<string, string> }) => {
      asked.push(headers["if-none-match"]);
      const known = headers["if-none-match"] === '"1"';
      return Promise.resolve(
        new Response(known ? null : "{}", { status: known ? 304 : 200, headers: { etag: '"1"' } }),
      );
    };
    vi.stubGlobal("fetch", answer);
    const first = await get("/api/v1/projects/shop");
    expect(await get("/api/v1/projects/shop")).toBe(first);
    vi.advanceTimersByTime(60 * minute);
    expect(tagOf("/api/v1/projects/shop")).toBe('"1"');
    expect(await get("/api/v1/projects/shop")).toEqual(first);
    expect(asked).toEqual([undefined, '"1"', undefined]);
  });
});

describe("a period that goes back from now", () => {
  it("is asked for in the same words by whoever comes back, so that little is held of it", () => {
    const choice = readChoice(new URLSearchParams("since=7d"));
    const begun = Date.parse("2026-01-02T10:00:00Z");
    const asked = Array.from({ length: 60 }, (_, passed) => driftQuery(choice, begun + passed * minute)["since"]);
    const within = asked.map((_, at) => new Set(asked.slice(at, at + unasked / minute)).size);
    expect(Math.max(...within)).toBe(2);
    expect(new Set(asked).size).toBe(6);
  });
});
