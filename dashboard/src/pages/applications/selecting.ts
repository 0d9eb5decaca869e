/** What of the fleet is shown, in which order and in which groups: all of it stands in the address. */
import type { ApplicationSummary } from "@/api/types";
import { healthOrder } from "@/parts/Marks";

export type View = "table" | "cards" | "map";

export const views = ["table", "cards", "map"] as const;

/** The filters that name values, by their names in the address. */
export const filterNames = ["health", "sync", "project", "cluster", "namespace", "label"] as const;

export type FilterName = (typeof filterNames)[number];

export interface Shown {
  q: string;
  filters: Readonly<Record<FilterName, readonly string[]>>;
  sort: string;
  /** `project`, `cluster`, `label:NAME`, or nothing. */
  group: string;
  view: View;
}

export interface Group {
  name: string;
  rows: readonly ApplicationSummary[];
}

export const sorts: Readonly<Record<string, string>> = {
  name: "Name",
  health: "Health, worst first",
  sync: "Sync, out of sync first",
  changed: "Last changed",
  synced: "Last synced",
  drift: "Most drift",
};

const syncOrder = ["OutOfSync", "Unknown", "Synced"];

/** Reads an address; what it does not say or says wrong is as usual. */
export function readShown(search: URLSearchParams): Shown {
  const list = (name: string) => (search.get(name) ?? "").split(",").filter((each) => each !== "");
  const sort = search.get("sort") ?? "";
  const view = search.get("view") ?? "";
  return {
    q: search.get("q") ?? "",
    filters: {
      health: list("health"),
      sync: list("sync"),
      project: list("project"),
      cluster: list("cluster"),
      namespace: list("namespace"),
      label: list("label"),
    },
    sort: sort in sorts ? sort : "name",
    group: search.get("group") ?? "",
    view: views.find((each) => each === view) ?? "table",
  };
}

/** The address's query for what is shown; what is as usual is left out. */
export function writeShown(shown: Shown): URLSearchParams {
  const search = new URLSearchParams();
  if (shown.view !== "table") search.set("view", shown.view);
  if (shown.q !== "") search.set("q", shown.q);
  for (const name of filterNames) if (shown.filters[name].length > 0) search.set(name, shown.filters[name].join(","));
  if (shown.sort !== "name") search.set("sort", shown.sort);
  if (shown.group !== "") search.set("group", shown.group);
  return search;
}

/** The values that a filter looks at. */
function valuesOf(row: ApplicationSummary, name: FilterName): readonly string[] {
  if (name === "label") return Object.entries(row.labels).map(([key, value]) => `${key}=${value}`);
  if (name === "cluster") return [placeOf(row)];
  return [row[name]];
}

export function placeOf(row: ApplicationSummary): string {
  return row.cluster === "" ? row.server : row.cluster;
}

/** Rows that fit every filter and every word; sorted. */
export function select(rows: readonly ApplicationSummary[], shown: Shown): readonly ApplicationSummary[] {
  const words = shown.q.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = filterNames.filter((name) => shown.filters[name].length > 0);
  return rows
    .filter(
      (row) =>
        wanted.every((name) => valuesOf(row, name).some((value) => shown.filters[name].includes(value))) &&
        words.every((word) => textOf(row).includes(word)),
    )
    .sort(comparing(shown.sort));
}

const texts = new WeakMap<ApplicationSummary, string>();

function textOf(row: ApplicationSummary): string {
  let text = texts.get(row);
  if (text === undefined) {
    const labels = Object.entries(row.labels).map(([key, value]) => `${key}=${value}`);
    const said = [row.namespace, row.project, placeOf(row), row.destinationNamespace, row.repoURL, row.path, row.chart];
    text = [row.name, ...said, row.targetRevision, row.revision, row.set, ...labels, ...row.images]
      .join("\n")
      .toLowerCase();
    texts.set(row, text);
  }
  return text;
}

type Comparing = (one: ApplicationSummary, other: ApplicationSummary) => number;

function comparing(sort: string): Comparing {
  const byName: Comparing = (one, other) => compare(one.name, other.name) || compare(one.namespace, other.namespace);
  const first: Readonly<Record<string, Comparing>> = {
    health: (one, other) => place(healthOrder, one.health) - place(healthOrder, other.health),
    sync: (one, other) => place(syncOrder, one.sync) - place(syncOrder, other.sync),
    changed: (one, other) => compare(other.changedAt ?? "", one.changedAt ?? ""),
    synced: (one, other) => compare(other.syncedAt ?? "", one.syncedAt ?? ""),
    drift: (one, other) => other.drift - one.drift,
  };
  const chosen = first[sort];
  return chosen === undefined ? byName : (one, other) => chosen(one, other) || byName(one, other);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function place(order: readonly string[], value: string): number {
  const at = order.indexOf(value);
  return at < 0 ? order.length : at;
}

/** Rows in groups by name; those without a value come last. One group without a name where nothing is grouped. */
export function grouped(rows: readonly ApplicationSummary[], group: string): readonly Group[] {
  if (group === "") return [{ name: "", rows }];
  const groups = new Map<string, ApplicationSummary[]>();
  for (const row of rows) {
    const name = groupOf(row, group);
    const found = groups.get(name);
    if (found === undefined) groups.set(name, [row]);
    else found.push(row);
  }
  return [...groups]
    .map(([name, members]) => ({ name, rows: members }))
    .sort((one, other) => Number(one.name === "") - Number(other.name === "") || compare(one.name, other.name));
}

function groupOf(row: ApplicationSummary, group: string): string {
  if (group === "cluster") return placeOf(row);
  if (group === "project") return row.project;
  return group.startsWith("label:") ? (row.labels[group.slice(6)] ?? "") : "";
}

/** How often each value of a filter occurs, the most frequent first; health and sync in their own order. */
export function counted(rows: readonly ApplicationSummary[], name: FilterName): readonly [string, number][] {
  const counts = new Map<string, number>();
  for (const row of rows) for (const value of valuesOf(row, name)) counts.set(value, (counts.get(value) ?? 0) + 1);
  const order = name === "health" ? healthOrder : name === "sync" ? syncOrder : undefined;
  return [...counts].sort(
    order === undefined
      ? (one, other) => other[1] - one[1] || compare(one[0], other[0])
      : (one, other) => place(order, one[0]) - place(order, other[0]),
  );
}

/** Names of labels that occur, for groups. */
export function labelNames(rows: readonly ApplicationSummary[]): readonly string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row.labels)))].sort();
}

export function keyOf(row: { namespace: string; name: string }): string {
  return `${row.namespace}/${row.name}`;
}
