/** Which changes by hand are shown, and in which groups; all of it stands in the address. */
import type { Query } from "@/api/client";
import { type Drift, namedOf, whoOf } from "@/record/said";

export const groupings = ["", "person", "application", "cluster"] as const;

export const groupingNames: Readonly<Record<string, string>> = {
  "": "By time",
  person: "By person",
  application: "By application",
  cluster: "By cluster",
};

export const periods: readonly (readonly [value: string, label: string, hours: number])[] = [
  ["24h", "The last day", 24],
  ["7d", "The last week", 7 * 24],
  ["30d", "The last month", 30 * 24],
];

export interface Choice {
  who: string;
  app: string;
  cluster: string;
  since: string;
  /** Only what is still there. */
  open: boolean;
  by: string;
}

export function readChoice(search: URLSearchParams): Choice {
  const by = search.get("by") ?? "";
  return {
    who: search.get("who") ?? "",
    app: search.get("app") ?? "",
    cluster: search.get("cluster") ?? "",
    since: search.get("since") ?? "",
    open: search.get("open") === "true",
    by: groupings.find((each) => each === by) ?? "",
  };
}

export function writeChoice(choice: Choice): URLSearchParams {
  const search = new URLSearchParams();
  for (const name of ["who", "app", "cluster", "since", "by"] as const) {
    if (choice[name] !== "") search.set(name, choice[name]);
  }
  if (choice.open) search.set("open", "true");
  return search;
}

/** What the API is asked for. `now` is a moment in milliseconds. */
export function queryOf({ who, app, cluster, since }: Choice, now: number): Query {
  return { who, app, cluster, since: momentOf(since, now) };
}

/** What a period begins with, in milliseconds: whoever opens a page again meanwhile asks the same, and is answered from
    what is there. */
const step = 10 * 60_000;

/** "7d" as the moment it began, at most ten minutes earlier. */
export function momentOf(since: string, now: number): string {
  if (since === "all") return "";
  const hours = periods.find(([value]) => value === since)?.[2];
  if (hours === undefined) return since;
  return new Date(Math.floor(now / step) * step - hours * 3_600_000).toISOString().replace(".000Z", "Z");
}

export interface Group {
  name: string;
  drifts: readonly Drift[];
}

/** In groups of their names, the largest first; within a group by time, as they come. */
export function groupedBy(drifts: readonly Drift[], by: string): readonly Group[] {
  if (by === "") return [{ name: "", drifts }];
  const groups = new Map<string, Drift[]>();
  for (const drift of drifts) {
    const name =
      by === "person" ? whoOf(drift).name : by === "cluster" ? drift.cluster : namedOf(drift.application).name;
    groups.set(name, [...(groups.get(name) ?? []), drift]);
  }
  return [...groups]
    .map(([name, members]) => ({ name, drifts: members }))
    .sort((one, other) => other.drifts.length - one.drifts.length || (one.name < other.name ? -1 : 1));
}
