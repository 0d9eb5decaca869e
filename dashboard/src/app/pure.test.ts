import { describe, expect, it } from "vitest";

import { withQuery } from "@/api/client";
import { ApiError, readProblem } from "@/api/errors";
import { isListening, keysOf, waiting } from "@/live/messages";
import { parseSaved } from "@/pages/applications/saving";
import { ago, lasting } from "@/parts/times";

import { to, within } from "./addresses";
import { best } from "./matching";
import { keyName } from "./shortcuts";

describe("addresses", () => {
  it("hold names as they are", () => {
    expect(to.application("team a", "x/y", "diff")).toBe("/applications/team%20a/x%2Fy/diff");
    expect(to.applications({ health: ["Degraded", "Missing"], q: "" })).toBe("/applications?health=Degraded%2CMissing");
    expect(withQuery("/a", { one: undefined, two: false, three: 0 })).toBe("/a?three=0");
  });

  it.each([
    ["/drift?x=1", "/drift?x=1"],
    ["/.//evil.test/x", "/applications"],
    ["/a/..//evil.test/x", "/applications"],
    [null, "/applications"],
    ["https://evil.test", "/applications"],
    ["//evil.test", "/applications"],
    ["/\\evil.test", "/applications"],
    ["/\t/evil.test", "/applications"],
    ["javascript:alert(1)", "/applications"],
  ])("lead from %j no further than here", (next, expected) => {
    expect(within(next)).toBe(expected);
  });
});

describe("what the API refuses", () => {
  it("is read as RFC 9457 has it, and anything else is survived", () => {
    expect(readProblem('{"title":"Bad Request","detail":"must be a list","field":"resources"}')).toEqual({
      title: "Bad Request",
      detail: "must be a list",
      field: "resources",
    });
    expect(readProblem('{"message":"Not Found"}')).toEqual({ detail: "Not Found" });
    expect(readProblem("<html>")).toEqual({});
    expect(readProblem("[]")).toEqual({});
  });

  it.each([0, 400, 401, 403, 404, 409, 412, 429, 500, 503])("has a next step for %d", (status) => {
    expect(new ApiError(status, {}).nextStep).not.toBe("");
  });

  it("is a sentence with its field", () => {
    expect(new ApiError(400, { field: "spec.path", detail: "must not be empty" }).sentence).toBe(
      "spec.path must not be empty.",
    );
    expect(new ApiError(503, {}).sentence).toBe("The API is busy.");
  });
});

describe("live messages", () => {
  it("make the queries of what changed old", () => {
    const message = '{"changed":[{"kind":"application","name":"argocd/shop"},{"kind":"cluster","name":"prod"}]}';
    expect(keysOf(message)).toEqual([
      ["applications"],
      ["application", "argocd", "shop"],
      ["clusters"],
      ["cluster", "prod"],
    ]);
  });

  it("name lists as the API does, and tell drift and images to their pages", () => {
    const changed = [
      { kind: "application", name: "argocd/shop", what: ["drift", "images", "status"] },
      { kind: "repository", name: "github.com/acme/shop" },
      { kind: "delivery", name: "" },
      { kind: "settings", name: "" },
      { kind: "something new", name: "x" },
    ];
    expect(keysOf(JSON.stringify({ changed }))).toEqual([
      ["applications"],
      ["application", "argocd", "shop"],
      ["drifts"],
      ["images"],
      ["repositories"],
      ["repository", "github.com", "acme", "shop"],
      ["deliveries"],
      ["settings"],
    ]);
  });

  it("count from when the server listens", () => {
    expect(['{"listening":["applications"]}', '{"pong":1}', "{", '{"error":{}}'].map(isListening)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it.each(["", "nonsense", "[]", '{"changed":1}', '{"changed":[1,{"kind":2}]}', undefined])("survive %j", (message) => {
    expect(keysOf(message)).toEqual([]);
  });

  it("are asked for again ever more rarely, a minute at most", () => {
    expect([1, 2, 3, 20].map((failures) => waiting(failures, 0.5))).toEqual([2000, 4000, 8000, 60_000]);
  });
});

describe("finding", () => {
  const all = ["shop-prod", "prod-shop", "workshop", "search"].map((text) => ({ text }));
  it.each([
    ["shop", ["shop-prod", "prod-shop", "workshop"]],
    ["shpr", ["shop-prod"]],
    ["prod shop", ["prod-shop"]],
    ["zzz", []],
  ])("%j finds what begins with it first", (typed, expected) => {
    expect(best(all, typed, 10).map((each) => each.text)).toEqual(expected);
  });
});

describe("times", () => {
  it.each([
    [59_000, "just now"],
    [61_000, "1 min ago"],
    [7_300_000, "2 h ago"],
    [3 * 86_400_000, "3 d ago"],
  ])("%d ms ago", (passed, expected) => {
    expect(ago(0, passed)).toBe(expected);
  });

  it("tells what is still to come", () => {
    expect(ago(7_300_000, 0)).toBe("in 2 h");
  });

  it.each([
    [400, "under 1 s"],
    [1_234, "1 s"],
    [9_960, "10 s"],
    [65_000, "1 min 05 s"],
    [3_660_000, "1 h 01 min"],
  ])("%d ms long", (length, expected) => {
    expect(lasting(length)).toBe(expected);
  });
});

describe("keys and saved views", () => {
  it("are named alike on all systems", () => {
    expect(keyName({ key: "K", ctrlKey: true, metaKey: false })).toBe("mod+k");
    expect(keyName({ key: "k", ctrlKey: false, metaKey: true })).toBe("mod+k");
    expect(keyName({ key: "?", ctrlKey: false, metaKey: false })).toBe("?");
  });

  it.each([null, "", "{", "{}", '[{"name":1}]'])("read %j as none", (text) => {
    expect(parseSaved(text)).toEqual([]);
  });
});
