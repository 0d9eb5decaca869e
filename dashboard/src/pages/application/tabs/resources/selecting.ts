/** What of the tree is shown, and how: all of it stands in the address. */
import { healthOrder } from "@/parts/Marks";

import { healthOf, type Item, type Model } from "./model";

export const views = ["graph", "network", "list"] as const;

export type View = (typeof views)[number];

export const filterNames = ["kind", "health", "sync", "ns"] as const;

export type FilterName = (typeof filterNames)[number];

export interface Shown {
  /** Undefined where the address does not say: it depends on the width then. */
  view: View | undefined;
  q: string;
  filters: Readonly<Record<FilterName, readonly string[]>>;
}

/** Reads an address; what it does not say or says wrong is as usual. */
export function readShown(search: URLSearchParams): Shown {
  const list = (name: FilterName) => (search.get(name) ?? "").split(",").filter((each) => each !== "");
  const view = search.get("view");
  return {
    view: views.find((each) => each === view),
    q: search.get("q") ?? "",
    filters: { kind: list("kind"), health: list("health"), sync: list("sync"), ns: list("ns") },
  };
}

/** The address with this shown; what else it says stays. */
export function writeShown(before: URLSearchParams, shown: Shown): URLSearchParams {
  const after = new URLSearchParams(before);
  const set = (name: string, value: string) => (value === "" ? after.delete(name) : after.set(name, value));
  set("view", shown.view ?? "");
  set("q", shown.q);
  for (const name of filterNames) set(name, shown.filters[name].join(","));
  return after;
}

export function isFiltered({ q, filters }: Shown): boolean {
  return q.trim() !== "" || filterNames.some((name) => filters[name].length > 0);
}

/** The value that a filter looks at; an empty one is never counted. */
export function valueOf({ node }: Item, name: FilterName): string {
  if (name === "kind") return node.kind;
  if (name === "health") return healthOf(node);
  return (name === "sync" ? node.status : node.namespace) ?? "";
}

export interface Selected {
  /** Ids of what fits; undefined where nothing is filtered, so that all does. */
  fits: ReadonlySet<string> | undefined;
  /** What fits, and what it hangs on. */
  kept: ReadonlySet<string> | undefined;
}

export function select(model: Model, shown: Shown): Selected {
  if (!isFiltered(shown)) return { fits: undefined, kept: undefined };
  const words = shown.q.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = filterNames.filter((name) => shown.filters[name].length > 0);
  const fits = new Set<string>();
  const kept = new Set<string>();
  for (const item of model.items.values()) {
    if (!wanted.every((name) => shown.filters[name].includes(valueOf(item, name)))) continue;
    if (words.length > 0 && !words.every((word) => textOf(item).includes(word))) continue;
    fits.add(item.id);
    for (let each: Item | undefined = item; each !== undefined && !kept.has(each.id); each = each.parent) {
      kept.add(each.id);
    }
  }
  return { fits, kept };
}

function textOf({ id, node }: Item): string {
  return [id, ...(node.images ?? []), ...(node.info ?? []).map((each) => each.value)].join("\n").toLowerCase();
}

/** How often each value of a filter occurs; health from worst to best, the others the most frequent first. */
export function occurrences(model: Model, name: FilterName): readonly (readonly [value: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const item of model.items.values()) {
    const value = valueOf(item, name);
    if (value !== "") counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const order: readonly string[] = healthOrder;
  return [...counts].sort((one, other) =>
    name === "health"
      ? order.indexOf(one[0]) - order.indexOf(other[0])
      : other[1] - one[1] || (one[0] < other[0] ? -1 : 1),
  );
}
