/** Operations and drift in one line of time. Both come in pages, newest first; what is older than the last of a page
    that is not the last one may have something between, and so is not shown yet. */
import type { Drift, Row } from "./said";

export type Entry =
  { kind: "operation"; id: string; at: string; row: Row } | { kind: "drift"; id: string; at: string; drift: Drift };

export interface Source<Item> {
  items: readonly Item[];
  /** Whether there are pages behind these. */
  more: boolean;
}

export interface Merged {
  entries: readonly Entry[];
  /** Which of the two has to be asked for its next page so that the line goes on. */
  next: { operations: boolean; drifts: boolean };
}

export function merge(operations: Source<Row>, drifts: Source<Drift>): Merged {
  const rows = operations.items.map((row): Entry => ({ kind: "operation", id: row.id, at: row.time, row }));
  const changes = drifts.items.map((drift): Entry => ({ kind: "drift", id: drift.id, at: drift.noticedAt, drift }));
  const ends = [horizon(rows, operations.more), horizon(changes, drifts.more)];
  const end = ends[0] !== undefined && ends[1] !== undefined ? later(ends[0], ends[1]) : (ends[0] ?? ends[1] ?? "");
  const seen = new Set<string>();
  // Between two pages something may have come, and then an entry is in both.
  const isNew = (id: string) => !seen.has(id) && seen.add(id).has(id);
  const entries = [...rows, ...changes]
    .filter(({ id, at }) => at >= end && isNew(id))
    .sort((one, other) => compare(other.at, one.at) || compare(other.id, one.id));
  return { entries, next: { operations: ends[0] !== undefined && ends[0] >= end, drifts: ends[1] === end } };
}

/** The moment before which this source does not know everything; undefined where it knows all. */
function horizon(entries: readonly Entry[], more: boolean): string | undefined {
  return more ? (entries.at(-1)?.at ?? "9999") : undefined;
}

export interface Day {
  /** "2026-11-21", in the reader's time zone. */
  day: string;
  entries: readonly Entry[];
}

/** The line cut into days, in its order. */
export function days(entries: readonly Entry[], dayOf: (at: string) => string = localDay): readonly Day[] {
  const found: { day: string; entries: Entry[] }[] = [];
  for (const entry of entries) {
    const day = dayOf(entry.at);
    const last = found.at(-1);
    if (last?.day === day) last.entries.push(entry);
    else found.push({ day, entries: [entry] });
  }
  return found;
}

function localDay(at: string): string {
  const date = new Date(at);
  const part = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${part(date.getMonth() + 1)}-${part(date.getDate())}`;
}

const format = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

/** "Today", "Yesterday", or the date. */
export function dayName(day: string, now: Date = new Date()): string {
  if (day === localDay(now.toISOString())) return "Today";
  const before = new Date(now);
  before.setDate(now.getDate() - 1);
  if (day === localDay(before.toISOString())) return "Yesterday";
  return format.format(new Date(`${day}T12:00:00`));
}

/** Everybody who has to do with an entry: who asked, wrote, merged, reviewed or changed. */
export function peopleOf(entry: Entry): readonly string[] {
  if (entry.kind === "drift") {
    return unique([...entry.drift.who.map((each) => each.user), ...entry.drift.fields.map((each) => each.manager)]);
  }
  const { actor, commit, mergedRequest } = entry.row;
  const merged = (mergedRequest ?? {}) as { author?: string; merged_by?: string };
  return unique([actor, commit?.author ?? "", merged.author ?? "", merged.merged_by ?? ""]);
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name) => name !== ""))];
}

function later(one: string, other: string): string {
  return one > other ? one : other;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
