import { describe, expect, it } from "vitest";

import type { ApplicationSummary } from "@/api/types";

import { fitting, lineOf, lines } from "./laying";
import { counted, grouped, readShown, select, writeShown } from "./selecting";

const row: ApplicationSummary = {
  name: "shop",
  namespace: "argocd",
  project: "default",
  cluster: "prod",
  server: "",
  destinationNamespace: "shop",
  repoURL: "https://git.test/acme/shop",
  path: "deploy",
  chart: "",
  targetRevision: "HEAD",
  sources: 1,
  revision: "a".repeat(40),
  sync: "Synced",
  health: "Healthy",
  phase: "Succeeded",
  message: "",
  labels: { team: "shop" },
  images: ["registry.test/shop:1.2"],
  set: "",
  changedAt: "2026-01-01T00:00:00Z",
  syncedAt: null,
  drift: 0,
  autoSync: true,
  deleting: false,
  conditions: 0,
};
const fleet: readonly ApplicationSummary[] = [
  row,
  { ...row, name: "cart", health: "Degraded", project: "sales", cluster: "", server: "https://10.0.0.1", labels: {} },
  { ...row, name: "blog", sync: "OutOfSync", changedAt: "2026-02-01T00:00:00Z", labels: { team: "web" } },
];
const names = (query: string) => select(fleet, readShown(new URLSearchParams(query))).map((each) => each.name);

describe("what is shown of a fleet", () => {
  it.each([
    ["", ["blog", "cart", "shop"]],
    ["q=shop:1.2+cart", ["cart"]],
    ["health=Degraded,Missing", ["cart"]],
    ["cluster=prod&sync=OutOfSync", ["blog"]],
    ["cluster=https://10.0.0.1", ["cart"]],
    ["label=team=shop", ["shop"]],
    ["sort=health", ["cart", "blog", "shop"]],
    ["sort=changed", ["blog", "cart", "shop"]],
    ["sort=nonsense", ["blog", "cart", "shop"]],
    ["q=nothing", []],
  ])("fits the address %j", (query, expected) => {
    expect(names(query)).toEqual(expected);
  });

  it("is written into the address as it was read from it", () => {
    const query = "view=map&q=a+b&health=Degraded%2CMissing&label=team%3Dshop&sort=drift&group=label%3Ateam";
    expect(writeShown(readShown(new URLSearchParams(query))).toString()).toBe(query);
    expect(writeShown(readShown(new URLSearchParams("view=table&sort=name"))).toString()).toBe("");
  });

  it("is grouped by name, those without a value last", () => {
    const groups = grouped(fleet, "label:team").map((group) => [group.name, group.rows.map((each) => each.name)]);
    expect(groups).toEqual([
      ["shop", ["shop"]],
      ["web", ["blog"]],
      ["", ["cart"]],
    ]);
  });

  it("is counted, health by what is worst", () => {
    expect(counted(fleet, "health")).toEqual([
      ["Degraded", 1],
      ["Healthy", 2],
    ]);
    expect(counted(fleet, "cluster")).toEqual([
      ["prod", 2],
      ["https://10.0.0.1", 1],
    ]);
  });
});

describe("lines of a list", () => {
  it("have a heading for each group, and each row once", () => {
    const made = lines(grouped(fleet, "project"), 2);
    expect(made.map((line) => (line.kind === "group" ? line.group.name : line.rows.length))).toEqual([
      "default",
      2,
      "sales",
      1,
    ]);
    expect([0, 1, 2].map((place) => lineOf(made, place))).toEqual([1, 1, 3]);
    expect(lineOf(made, 3)).toBe(-1);
  });

  it("have no heading where nothing is grouped", () => {
    expect(lines(grouped(fleet, ""), 2).map((line) => line.kind)).toEqual(["rows", "rows"]);
  });

  it.each([
    [0, 1],
    [100, 3],
    [99, 2],
  ])("hold as many as fit into %d pixels", (width, expected) => {
    expect(fitting(width, 28, 8)).toBe(expected);
  });
});
