/** What the stream says, and how long to wait before it is asked for again. */

/** The keys of queries that a message makes old. A message that can't be read makes none old. */
export function keysOf(data: unknown): readonly (readonly string[])[] {
  const keys: (readonly string[])[] = [];
  for (const { kind, name } of read(data)) {
    if (kind === "application") {
      const [namespace, ...rest] = name.split("/");
      keys.push(["applications"], ["application", namespace ?? "", rest.join("/")]);
    } else {
      keys.push([`${kind}s`], [kind, ...name.split("/")]);
    }
  }
  return keys;
}

interface Changed {
  kind: string;
  name: string;
}

function read(data: unknown): readonly Changed[] {
  if (typeof data !== "string") return [];
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return [];
  }
  const changed = isRecord(value) ? value["changed"] : undefined;
  if (!Array.isArray(changed)) return [];
  return changed.filter(
    (each): each is Changed => isRecord(each) && typeof each["kind"] === "string" && typeof each["name"] === "string",
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Milliseconds before the next try: 2 s, then twice as long each time, a minute at most; spread, for many pages try. */
export function waiting(failures: number, chance: number): number {
  return Math.min(2 ** failures, 60) * 1000 * (0.75 + chance / 2);
}
