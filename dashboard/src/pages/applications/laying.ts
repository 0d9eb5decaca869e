/** Lists of groups as lines of known heights, so that only the lines in sight need to exist. */
import type { ApplicationSummary } from "@/api/types";

import type { Group } from "./selecting";

export type Line =
  | { kind: "group"; group: Group }
  /** `first` is the place of its first row among all rows. */
  | { kind: "rows"; rows: readonly ApplicationSummary[]; first: number; group: string };

/** Groups as headings and lines of so many rows beside each other. */
export function lines(groups: readonly Group[], beside: number): readonly Line[] {
  const made: Line[] = [];
  let first = 0;
  for (const group of groups) {
    if (group.name !== "" || groups.length > 1) made.push({ kind: "group", group });
    for (let at = 0; at < group.rows.length; at += beside) {
      const rows = group.rows.slice(at, at + beside);
      made.push({ kind: "rows", rows, first, group: group.name });
      first += rows.length;
    }
  }
  return made;
}

/** The line of a row, by the row's place among all. */
export function lineOf(made: readonly Line[], place: number): number {
  return made.findIndex((line) => line.kind === "rows" && place >= line.first && place < line.first + line.rows.length);
}

/** How many things of a width fit beside each other; always one. Pixels. */
export function fitting(width: number, each: number, gap: number): number {
  return Math.max(1, Math.floor((width + gap) / (each + gap)));
}
