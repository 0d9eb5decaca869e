/** Which lines of a manifest can be folded, and which are shown when some are. */
import { indentOf } from "@/code/tokens";

/** For each line, the line after the last that belongs below it; the line itself where none does. */
export function endsOf(lines: readonly string[]): readonly number[] {
  const ends = lines.map((_, at) => at + 1);
  const open: { at: number; depth: number }[] = [];
  let lastFull = 0;
  lines.forEach((line, at) => {
    if (line.trim() === "") return; // belongs to whatever it stands in
    const depth = depthOf(line);
    for (let top = open.at(-1); top !== undefined && top.depth >= depth; top = open.at(-1)) {
      ends[top.at] = lastFull + 1;
      open.pop();
    }
    open.push({ at, depth });
    lastFull = at;
  });
  for (const { at } of open) ends[at] = lastFull + 1;
  return ends;
}

/** A list stands below its key, though YAML lets it stand as deep. */
function depthOf(line: string): number {
  return indentOf(line) * 2 + (line.trimStart().startsWith("- ") ? 1 : 0);
}

/** The lines that are shown when some are folded. */
export function visible(ends: readonly number[], closed: ReadonlySet<number>): readonly number[] {
  const shown: number[] = [];
  for (let at = 0; at < ends.length; at += 1) {
    shown.push(at);
    if (closed.has(at)) at = (ends[at] ?? at + 1) - 1;
  }
  return shown;
}

export interface Match {
  line: number;
  from: number;
  to: number;
}

/** Where a text stands, whatever its case. */
export function matchesOf(lines: readonly string[], sought: string): readonly Match[] {
  const words = sought.toLowerCase();
  if (words === "") return [];
  return lines.flatMap((text, line) => {
    const found: Match[] = [];
    const low = text.toLowerCase();
    for (let at = low.indexOf(words); at !== -1; at = low.indexOf(words, at + words.length)) {
      found.push({ line, from: at, to: at + words.length });
    }
    return found;
  });
}
