/** What the stream says (docs/live.md), and how long to wait before it is asked for again. */

/** What a page listens to: everything that any page shows. */
export const topics = [
  "applications",
  "drift",
  "applicationsets",
  "promotions",
  "clusters",
  "projects",
  "repositories",
  "settings",
  "deliveries",
] as const;

/** Queries of lists, by the kind that a message names. */
const lists: Readonly<Record<string, string>> = {
  application: "applications",
  applicationset: "applicationsets",
  promotion: "promotions",
  cluster: "clusters",
  project: "projects",
  repository: "repositories",
  settings: "settings",
  delivery: "deliveries",
};

/** The keys of queries that a message makes old. A message that can't be read makes none old. */
export function keysOf(data: unknown): readonly (readonly string[])[] {
  const changed = read(data)["changed"];
  if (!Array.isArray(changed)) return [];
  return changed.filter(isChanged).flatMap(({ kind, name, what }) => {
    const list = lists[kind];
    if (list === undefined) return [];
    const keys: string[][] = [[list]];
    if (kind === "application") {
      const [namespace = "", ...rest] = name.split("/");
      keys.push([kind, namespace, rest.join("/")]);
      if (Array.isArray(what) && what.includes("drift")) keys.push(["drifts"]);
      if (Array.isArray(what) && what.includes("images")) keys.push(["images"]);
    } else if (name !== "") {
      keys.push([kind, ...name.split("/")]);
    }
    return keys;
  });
}

/** Whether the server says that it listens: from then on changes are told. */
export function isListening(data: unknown): boolean {
  return Array.isArray(read(data)["listening"]);
}

interface Changed {
  kind: string;
  name: string;
  what?: unknown;
}

function isChanged(each: unknown): each is Changed {
  return isRecord(each) && typeof each["kind"] === "string" && typeof each["name"] === "string";
}

function read(data: unknown): Record<string, unknown> {
  if (typeof data !== "string") return {};
  try {
    const value: unknown = JSON.parse(data);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Milliseconds before the next try: 2 s, then twice as long each time, a minute at most; spread, for many pages try. */
export function waiting(failures: number, chance: number): number {
  return Math.min(2 ** failures, 60) * 1000 * (0.75 + chance / 2);
}
