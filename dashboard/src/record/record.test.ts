import { describe, expect, it } from "vitest";

import { deedOf as actionOf, select } from "@/pages/audit/choosing";
import { groupedBy, momentOf, readChoice, writeChoice } from "@/pages/drift/choosing";

import { commitUrl, outside } from "./forge";
import { groupsOf } from "./grouping";
import { dayName, days, merge, peopleOf } from "./merging";
import { causeOf, deedOf, type Drift, lengthOf, type Result, type Row, valueOf, whoOf } from "./said";

function row(id: string, time: string, more: Partial<Row> = {}): Row {
  const record = { chain: "", seq: 1, prev: "", kind: "", id, body: {}, hash: "" };
  return { id, kind: "operation", time, action: "sync", outcome: "Succeeded", actor: "", record, ...more };
}

function drift(id: string, noticedAt: string, more: Partial<Drift> = {}): Drift {
  return {
    id,
    application: "argocd/shop",
    cluster: "prod",
    object: { group: "apps", kind: "Deployment", namespace: "shop", name: "web" },
    what: "changed",
    done: "reverted",
    operation: "",
    seenBy: "watch",
    noticedAt,
    endedAt: "",
    uid: "",
    resourceVersion: "",
    generation: 0,
    fields: [],
    who: [],
    ...more,
  };
}

function person(user: string, certain: boolean, more: object = {}) {
  return { user, certain, at: "", verb: "patch", fields: [], deed: "", ...more };
}

const field = { path: ".a", before: 1, after: 2, manager: "kubectl-edit", operation: "", subresource: "", time: "" };
const ids = (entries: readonly { id: string }[]) => entries.map(({ id }) => id);

describe("one line of operations and drift", () => {
  it("is in order of time, the newest first, and holds nothing twice", () => {
    const operations = [row("3", "2026-01-03"), row("1", "2026-01-01"), row("1", "2026-01-01")];
    const merged = merge({ items: operations, more: false }, { items: [drift("2", "2026-01-02")], more: false });
    expect(ids(merged.entries)).toEqual(["3", "2", "1"]);
    expect(merged.next).toEqual({ operations: false, drifts: false });
  });

  it("shows nothing that is older than what is not loaded yet, and asks for what it waits for", () => {
    const operations = { items: [row("9", "2026-01-09"), row("8", "2026-01-08")], more: true };
    const drifts = { items: [drift("7", "2026-01-07"), drift("1", "2026-01-01")], more: true };
    const merged = merge(operations, drifts);
    expect(ids(merged.entries)).toEqual(["9", "8"]);
    expect(merged.next).toEqual({ operations: true, drifts: false });
    const further = merge({ items: [...operations.items, row("0", "2026-01-00")], more: false }, drifts);
    expect(ids(further.entries)).toEqual(["9", "8", "7", "1"]);
    expect(further.next).toEqual({ operations: false, drifts: true });
  });

  it("waits for a source of which nothing is there, though there is more", () => {
    const merged = merge({ items: [], more: true }, { items: [drift("1", "2026-01-01")], more: false });
    expect(merged.entries).toEqual([]);
    expect(merged.next).toEqual({ operations: true, drifts: false });
  });

  it("is cut into days", () => {
    const { entries } = merge(
      { items: [row("c", "2026-01-02T10"), row("b", "2026-01-02T09"), row("a", "2026-01-01T09")], more: false },
      { items: [], more: false },
    );
    const cut = days(entries, (at) => at.slice(0, 10));
    expect(cut.map(({ day, entries: of }) => [day, ids(of)])).toEqual([
      ["2026-01-02", ["c", "b"]],
      ["2026-01-01", ["a"]],
    ]);
    expect(dayName("2026-01-02", new Date(2026, 0, 2, 12))).toBe("Today");
    expect(dayName("2026-01-01", new Date(2026, 0, 2, 12))).toBe("Yesterday");
  });

  it("knows everybody who has to do with an entry", () => {
    const told = row("1", "", { actor: "ada", mergedRequest: { author: "ada", merged_by: "grace" } });
    expect(peopleOf({ kind: "operation", id: "1", at: "", row: told })).toEqual(["ada", "grace"]);
    const by = drift("2", "", { who: [person("bob", true)], fields: [field] });
    expect(peopleOf({ kind: "drift", id: "2", at: "", drift: by })).toEqual(["bob", "kubectl-edit"]);
  });
});

describe("words", () => {
  it("say what an operation was and why", () => {
    expect(deedOf(row("1", "", { action: "heal" }))).toBe("Put back a change by hand");
    expect(deedOf(row("1", "", { returnedTo: "0" }))).toBe("Rollback");
    expect(deedOf(row("1", "", { action: "partial", chosen: ["a"] }))).toBe("Sync of one object");
    expect(causeOf(row("1", "", { trigger: "push", actor: "ada" }))).toBe("by a push (ada)");
    expect(causeOf(row("1", "", { trigger: "person", actor: "ada" }))).toBe("by ada");
    expect(lengthOf({ time: "2026-01-01T00:00:00Z", endedAt: "2026-01-01T00:01:05Z" })).toBe(65_000);
    expect(lengthOf({ time: "2026-01-01T00:00:00Z", endedAt: "" })).toBeUndefined();
  });

  it("never make a likely person a certain one", () => {
    expect(whoOf(drift("1", "", { who: [person("bob", true)] }))).toEqual({ name: "bob", known: "sure" });
    const several = drift("1", "", { who: [person("bob", false), person("eve", false)] });
    expect(whoOf(several)).toEqual({ name: "bob (or eve)", known: "likely" });
    expect(whoOf(drift("1", "", { fields: [field] }))).toEqual({ name: "kubectl-edit", known: "manager" });
    expect(whoOf(drift("1", ""))).toEqual({ name: "Somebody", known: "nobody" });
    const through = drift("1", "", { who: [person("rancher", true, { impersonated: "ada" })] });
    expect(whoOf(through).name).toBe("rancher as ada");
  });

  it.each([
    [null, undefined],
    ["", ""],
    [3, "3"],
    [false, "false"],
    [{ a: 1 }, '{\n  "a": 1\n}'],
  ])("show the value %j", (value, expected) => {
    expect(valueOf(value)).toBe(expected);
  });
});

describe("addresses of commits", () => {
  const sha = "a".repeat(40);
  it.each([
    ["github.com/acme/shop", "", `https://github.com/acme/shop/commit/${sha}`],
    ["gitlab.acme.test/a/b/c", "", `https://gitlab.acme.test/a/b/c/-/commit/${sha}`],
    ["bitbucket.org/a/b", "", `https://bitbucket.org/a/b/commits/${sha}`],
    ["git.acme.test/a/b", "https://git.acme.test/a/b/pulls/3", `https://git.acme.test/a/b/commit/${sha}`],
    ["git.acme.test/a/b", "", undefined],
    ['github.com/a"><script>/b', "", undefined],
    ["", "", undefined],
  ])("of %s", (repository, merged, expected) => {
    expect(commitUrl(repository, sha, merged)).toBe(expected);
  });

  it("lead nowhere but to the web", () => {
    expect(["https://a.test/1", "javascript:alert(1)", "//a.test", ""].map(outside)).toEqual([
      "https://a.test/1",
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("results", () => {
  const result = (name: string, more: Partial<Result> = {}): Result => ({
    ...{ group: "", kind: "ConfigMap", namespace: "", name, result: "configured", message: "", hook: "" },
    ...more,
  });
  it("come by phase and wave, what failed first", () => {
    const all = [
      result("late", { name: "2" }),
      result("after", { hook: "PostSync" }),
      result("early", { name: "-1" }),
      result("bad", { result: "failed", hook: "PreSync" }),
      result("before", { hook: "PreSync" }),
      result("unknown", { name: "gone" }),
    ];
    const waveOf = ({ name }: Result) => (/\d/.test(name) ? Number(name) : undefined);
    expect(groupsOf(all, waveOf).map(({ name }) => name)).toEqual([
      "Failed",
      "PreSync hooks",
      "Wave -1",
      "Wave 2",
      "Objects",
      "PostSync hooks",
    ]);
  });
});

describe("drift and actions in lists", () => {
  it("keep what is chosen in the address", () => {
    const choice = { who: "ada", app: "argocd/shop", cluster: "", since: "7d", open: true, by: "person" };
    expect(readChoice(writeChoice(choice))).toEqual(choice);
    expect(readChoice(new URLSearchParams("by=nonsense")).by).toBe("");
    expect(momentOf("24h", Date.parse("2026-01-02T10:00:31.5Z"))).toBe("2026-01-01T10:00:00Z");
    expect([momentOf("all", 0), momentOf("2026-01-01T00:00:00Z", 0)]).toEqual(["", "2026-01-01T00:00:00Z"]);
  });

  it("are grouped, the largest group first", () => {
    const all = [drift("3", "", { cluster: "a" }), drift("2", "", { cluster: "b" }), drift("1", "", { cluster: "b" })];
    expect(groupedBy(all, "cluster").map(({ name, drifts }) => [name, ids(drifts)])).toEqual([
      ["b", ["2", "1"]],
      ["a", ["3"]],
    ]);
  });

  it("show a refusal in the place of what it refused", () => {
    const all = [
      row("1", "", { action: "POST /api/v1/applications/shop/sync", outcome: "asked", actor: "ada" }),
      row("2", "", {
        action: "DELETE /api/v1/applications/shop",
        outcome: "asked",
        actor: "bob",
        told: { cascade: true },
      }),
      row("3", "", { action: "DELETE /api/v1/applications/shop", outcome: "refused", actor: "bob", told: { of: "2" } }),
    ];
    expect(ids(select(all, { q: "", since: "", refused: false }))).toEqual(["3", "1"]);
    expect(ids(select(all, { q: "", since: "", refused: true }))).toEqual(["3"]);
    expect(select(all, { q: "cascade", since: "", refused: true })[0]?.told).toEqual({ cascade: true, of: "2" });
    expect(ids(select(all, { q: "ADA sync", since: "", refused: false }))).toEqual(["1"]);
  });

  it.each([
    ["POST /api/v1/applications/shop/sync", "sync of applications/shop"],
    ["DELETE /api/v1/clusters/prod%20eu", "delete clusters/prod eu"],
    ["PUT /api/v1/settings/access", "set settings/access"],
    ["POST /api/v1/login/token", "sign in"],
    ["PUT /api/v1/x/%", "set x/%"],
    ["something else", "something else"],
  ])("say %j in words", (action, expected) => {
    expect(actionOf(action)).toBe(expected);
  });

  it("names a document that was declared by what it is", () => {
    expect(actionOf("POST /api/v1/applications", { kind: "Application", name: "shop" })).toBe(
      "declare Application shop",
    );
    expect(actionOf("POST /api/v1/clusters", { name: "prod" })).toBe("declare clusters");
  });
});
