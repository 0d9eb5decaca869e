/** Two texts line by line: what stays, what goes, what comes, and within a line that changed, which words.

    Lines are compared by Myers' algorithm (the package `diff`), words only within lines that stand for each other. */
import { diffArrays, diffWordsWithSpace } from "diff";

import { indentOf, type Range } from "./tokens";

export interface Side {
  /** From 1. */
  no: number;
  text: string;
  /** Which columns differ from the other side; none where the line is new as a whole. */
  marks: readonly Range[];
}

/** One line of two columns. Where `same` is false, one side or both are there, and what is there differs. */
export interface Row {
  same: boolean;
  left: Side | undefined;
  right: Side | undefined;
}

/** How long two texts that have little in common may be compared, in milliseconds. */
const patience = 800;
/** Lines of which less than this share is the same do not stand for each other. */
const likeness = 0.35;

export function rowsOf(before: readonly string[], after: readonly string[]): readonly Row[] {
  const rows: Row[] = [];
  let left = 0;
  let right = 0;
  let gone: string[] = [];
  const flush = (come: readonly string[]) => {
    rows.push(...changed(gone, left - gone.length, come, right));
    right += come.length;
    gone = [];
  };
  for (const part of parts(before, after)) {
    if (part.removed) {
      left += part.value.length;
      gone = part.value;
    } else if (part.added) {
      flush(part.value);
    } else {
      flush([]);
      for (const text of part.value) {
        left += 1;
        right += 1;
        rows.push({ same: true, left: { no: left, text, marks: [] }, right: { no: right, text, marks: [] } });
      }
    }
  }
  flush([]);
  return rows;
}

interface Part {
  added: boolean;
  removed: boolean;
  value: string[];
}

function parts(before: readonly string[], after: readonly string[]): readonly Part[] {
  const found = diffArrays([...before], [...after], { timeout: patience });
  if (found !== undefined) return found;
  return [
    { added: false, removed: true, value: [...before] },
    { added: true, removed: false, value: [...after] },
  ];
}

/** Lines that went beside lines that came; those that stand for each other in one row. */
function changed(gone: readonly string[], left: number, come: readonly string[], right: number): readonly Row[] {
  const rows: Row[] = [];
  let next = 0;
  const put = (was: Side | undefined, is: Side | undefined) => rows.push({ same: false, left: was, right: is });
  const bring = (upTo: number) => {
    for (; next < upTo; next += 1) put(undefined, { no: right + next + 1, text: come[next] ?? "", marks: [] });
  };
  gone.forEach((text, at) => {
    const partner = partnerOf(text, gone.length - at, come, next);
    const no = left + at + 1;
    if (partner === undefined) {
      put({ no, text, marks: [] }, undefined);
      return;
    }
    bring(partner);
    const other = come[partner] ?? "";
    const [was, is] = words(text, other);
    put({ no, text, marks: was }, { no: right + partner + 1, text: other, marks: is });
    next = partner + 1;
  });
  bring(come.length);
  return rows;
}

/** Which of the lines that came, from `next` on, stands for a line that went. */
function partnerOf(text: string, left: number, come: readonly string[], next: number): number | undefined {
  const key = keyOf(text);
  const window = Math.min(come.length, next + 40);
  for (let at = next; at < window; at += 1) {
    const other = come[at] ?? "";
    if (key === undefined ? alike(text, other) : keyOf(other) === key) return at;
  }
  // As many went as came, one by one: they stand for each other if they look so at all.
  const other = come[next];
  return other !== undefined && come.length - next === left && alike(text, other) ? next : undefined;
}

/** A line's key with its depth, by which it is known again. */
function keyOf(text: string): string | undefined {
  const found = /^\s*(?:- )*[^\s"'].*?:(?=\s|$)/.exec(text)?.[0];
  return found;
}

function alike(one: string, other: string): boolean {
  if (indentOf(one) !== indentOf(other)) return false;
  const length = Math.max(one.trim().length, other.trim().length);
  if (length === 0 || length > 2000) return length === 0;
  const [was] = words(one, other);
  const different = was.reduce((sum, [from, to]) => sum + to - from, 0);
  return (one.trim().length - different) / length >= likeness;
}

/** Which columns of each differ. */
export function words(one: string, other: string): readonly [readonly Range[], readonly Range[]] {
  const was: Range[] = [];
  const is: Range[] = [];
  let left = 0;
  let right = 0;
  for (const { value, added, removed } of diffWordsWithSpace(one, other)) {
    if (removed) was.push([left, left + value.length]);
    if (added) is.push([right, right + value.length]);
    if (!added) left += value.length;
    if (!removed) right += value.length;
  }
  return [joined(was, one), joined(is, other)];
}

/** Ranges that touch, or that only blanks part, are one. */
function joined(ranges: readonly Range[], text: string): readonly Range[] {
  const out: Range[] = [];
  for (const [from, to] of ranges) {
    const before = out.at(-1);
    if (before !== undefined && text.slice(before[1], from).trim() === "") out[out.length - 1] = [before[0], to];
    else out.push([from, to]);
  }
  return out;
}

/** What a viewer shows: lines, and places where lines are left out. `index` is the row's place among all rows. */
export type Item =
  | { kind: "row"; row: Row; index: number; first: boolean }
  | { kind: "fold"; from: number; to: number; path: string }
  | { kind: "gap"; path: string };

/** Rows with what stays the same folded, but for `context` lines around changes and what is `opened` (first rows of folds). */
export function folded(rows: readonly Row[], opened: ReadonlySet<number>, context = 3): readonly Item[] {
  const items: Item[] = [];
  let at = 0;
  while (at < rows.length) {
    const end = endOfRun(rows, at);
    if (rows[at]?.same !== true) {
      for (let index = at; index < end; index += 1) push(items, rows, index, index === at);
      at = end;
      continue;
    }
    const from = at === 0 ? 0 : at + context;
    const to = end === rows.length ? end : end - context;
    const folds = to - from > 1 && !opened.has(from);
    for (let index = at; index < end; index += 1) {
      if (folds && index === from) {
        items.push({ kind: "fold", from, to, path: pathAt(rows, to) });
        index = to - 1;
      } else push(items, rows, index, false);
    }
    at = end;
  }
  return items;
}

function endOfRun(rows: readonly Row[], at: number): number {
  const same = rows[at]?.same;
  let end = at;
  while (end < rows.length && rows[end]?.same === same) end += 1;
  return end;
}

function push(items: Item[], rows: readonly Row[], index: number, first: boolean): void {
  const row = rows[index];
  if (row !== undefined) items.push({ kind: "row", row, index, first });
}

/** Under which keys a row stands: "spec › template › spec". Looked for at most a thousand lines up. */
function pathAt(rows: readonly Row[], index: number): string {
  const keys: string[] = [];
  const start = rows[index];
  let depth = start === undefined ? 0 : indentOf(textAt(start));
  for (let at = index - 1; at >= 0 && at > index - 1000 && depth > 0; at -= 1) {
    const row = rows[at];
    const text = row === undefined ? "" : textAt(row);
    const found = /^(\s*)((?:- )*)([^\s"'-][^\s]*?):$/.exec(text.trimEnd());
    if (found === null || text === "") continue;
    const indent = (found[1] ?? "").length;
    if (indent >= depth && !((found[2] ?? "") === "" && indent === depth && isItem(start))) continue;
    keys.unshift(found[3] ?? "");
    depth = indent;
  }
  return keys.join(" › ");
}

/** Items of a list may stand as deep as the key above them. */
function isItem(row: Row | undefined): boolean {
  return row !== undefined && textAt(row).trimStart().startsWith("- ");
}

function textAt(row: Row): string {
  return (row.right ?? row.left)?.text ?? "";
}

/** One line of a single column. */
export interface InlineRow {
  sign: " " | "-" | "+";
  left: number | undefined;
  right: number | undefined;
  side: Side;
}

export type InlineItem = { kind: "line"; line: InlineRow; first: boolean } | Exclude<Item, { kind: "row" }>;

/** The same in one column: of each change what went, then what came. */
export function inline(items: readonly Item[]): readonly InlineItem[] {
  const out: InlineItem[] = [];
  let at = 0;
  while (at < items.length) {
    const item = items[at];
    if (item === undefined) break;
    if (item.kind !== "row") {
      out.push(item);
      at += 1;
      continue;
    }
    if (item.row.same) {
      const { left, right } = item.row;
      const side = right ?? left;
      if (side !== undefined)
        out.push({ kind: "line", line: { sign: " ", left: left?.no, right: right?.no, side }, first: false });
      at += 1;
      continue;
    }
    let end = at;
    const block: Row[] = [];
    for (let each = items[end]; each?.kind === "row" && !each.row.same; each = items[end]) {
      block.push(each.row);
      end += 1;
    }
    const lines: InlineRow[] = [
      ...block.flatMap(({ left }) =>
        left === undefined ? [] : [{ sign: "-" as const, left: left.no, right: undefined, side: left }],
      ),
      ...block.flatMap(({ right }) =>
        right === undefined ? [] : [{ sign: "+" as const, left: undefined, right: right.no, side: right }],
      ),
    ];
    lines.forEach((line, index) => out.push({ kind: "line", line, first: index === 0 && item.first }));
    at = end;
  }
  return out;
}

/** The items of a unified difference as the API writes it: its lines, and a gap where it left lines out. */
export function readUnified(text: string): readonly Item[] {
  const items: Item[] = [];
  let left = 0;
  let right = 0;
  let gone: string[] = [];
  let come: string[] = [];
  let index = 0;
  const flush = () => {
    changed(gone, left - gone.length, come, right - come.length).forEach((row, at) => {
      items.push({ kind: "row", row, index, first: at === 0 });
      index += 1;
    });
    gone = [];
    come = [];
  };
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  let begun = false;
  for (const line of lines) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (hunk !== null) {
      flush();
      // A side without lines counts from the line before.
      left = Number(hunk[1]) - (hunk[2] === "0" ? 0 : 1);
      right = Number(hunk[3]) - (hunk[4] === "0" ? 0 : 1);
      if (begun || left > 0) items.push({ kind: "gap", path: "" });
      begun = true;
    } else if (!begun) continue;
    else if (line.startsWith("-")) {
      if (come.length > 0) flush();
      gone.push(line.slice(1));
      left += 1;
    } else if (line.startsWith("+")) {
      come.push(line.slice(1));
      right += 1;
    } else if (!line.startsWith("\\")) {
      flush();
      left += 1;
      right += 1;
      const same = line.slice(1);
      const row = {
        same: true,
        left: { no: left, text: same, marks: [] },
        right: { no: right, text: same, marks: [] },
      };
      items.push({ kind: "row", row, index, first: false });
      index += 1;
    }
  }
  flush();
  return items;
}

/** A unified difference, for whoever copies one; with `context` lines around changes. */
export function unified(rows: readonly Row[], names: readonly [string, string], context = 3): string {
  const out = [`--- ${names[0]}`, `+++ ${names[1]}`];
  const items = inline(folded(rows, new Set(), context));
  let hunk: InlineRow[] = [];
  let left = 0;
  let right = 0;
  const flush = () => {
    if (hunk.some(({ sign }) => sign !== " ")) {
      const was = hunk.filter(({ sign }) => sign !== "+").length;
      const is = hunk.filter(({ sign }) => sign !== "-").length;
      out.push(`@@ -${was === 0 ? left : left + 1},${was} +${is === 0 ? right : right + 1},${is} @@`);
      out.push(...hunk.map(({ sign, side }) => `${sign}${side.text}`));
    }
    left += hunk.filter(({ sign }) => sign !== "+").length;
    right += hunk.filter(({ sign }) => sign !== "-").length;
    hunk = [];
  };
  for (const item of items) {
    if (item.kind === "line") hunk.push(item.line);
    else {
      flush();
      const hiddenLines = item.kind === "fold" ? item.to - item.from : 0;
      left += hiddenLines;
      right += hiddenLines;
    }
  }
  flush();
  return `${out.join("\n")}\n`;
}
