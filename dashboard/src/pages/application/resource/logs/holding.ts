/** The lines of a log that a page holds: in order of time, each once, and not more than it can hold. */
import type { Schema } from "@/api/types";

export type Logs = Schema<"Logs">;
export type LogLine = Schema<"LogLine">;

export interface HeldLine extends LogLine {
  /** Stays the same for the same line. */
  id: number;
}

export interface Held {
  lines: readonly HeldLine[];
  /** How many of the oldest were dropped. */
  dropped: number;
  /** How many ever came. */
  came: number;
  cursor: string;
  more: boolean;
  streams: readonly Schema<"LogStream">[];
  podsLeftOut: number;
}

export const nothing: Held = { lines: [], dropped: 0, came: 0, cursor: "", more: false, streams: [], podsLeftOut: 0 };

/** How many lines a page holds; of 200 letters each they are 4 MB. */
export const mostLines = 10_000;

/** With the next range. It is in order itself; where another container was quicker, its lines go in between. */
export function withRange(held: Held, range: Logs, most = mostLines): Held {
  const fresh = range.lines.map((line, at) => ({ ...line, text: plain(line.text), id: held.came + at }));
  const lines = merged(held.lines, fresh);
  const over = Math.max(0, lines.length - most);
  return {
    lines: over > 0 ? lines.slice(over) : lines,
    dropped: held.dropped + over,
    came: held.came + fresh.length,
    cursor: range.cursor === "" ? held.cursor : range.cursor,
    more: range.more,
    streams: range.streams,
    podsLeftOut: range.podsLeftOut,
  };
}

/** Two lists in order of time as one; of the same moment, what was there first. A line without a time stays behind the one
    that it came after. */
function merged(before: readonly HeldLine[], fresh: readonly HeldLine[]): readonly HeldLine[] {
  const first = fresh.find((line) => line.at !== "")?.at;
  if (first === undefined || before.length === 0) return fresh.length === 0 ? before : [...before, ...fresh];
  let from = before.length;
  while (from > 0 && (before[from - 1]?.at ?? "") > first) from -= 1;
  const out = before.slice(0, from);
  let at = from;
  for (const line of fresh) {
    for (let held = before[at]; held !== undefined && held.at <= line.at; held = before[at]) {
      out.push(held);
      at += 1;
    }
    out.push(line);
  }
  return [...out, ...before.slice(at)];
}

// What terminals take for colours and movements (ECMA-48), and other control characters but the tabulator.
/* eslint-disable no-control-regex */
const controls =
  /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[\u0000-\u0008\u000b-\u001f\u007f]/g;
/* eslint-enable no-control-regex */

export function plain(text: string): string {
  return text.replace(controls, "");
}

/** What the names of pods have in common, up to a dash: it need not stand before each line. */
export function commonPart(names: readonly string[]): string {
  if (names.length < 2) return "";
  const [one = "", ...rest] = names;
  let length = 0;
  while (length < one.length && rest.every((each) => each[length] === one[length])) length += 1;
  return one.slice(0, one.lastIndexOf("-", length - 1) + 1);
}

/** As a file: what the page shows, a line each. */
export function fileOf(lines: readonly LogLine[], { names, times }: { names: boolean; times: boolean }): string {
  return lines
    .map(({ at, pod, container, text }) =>
      [times ? at : "", names ? `${pod}/${container}` : "", text].filter((part) => part !== "").join(" "),
    )
    .join("\n")
    .concat("\n");
}

/** Milliseconds before what came since is asked for: at once where there is more, else more rarely while nothing comes. */
export function pauseBefore(more: boolean, empty: number): number {
  return more ? 0 : Math.min(1_500 + empty * 500, 4_000);
}
