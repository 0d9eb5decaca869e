/** Objects that differ as one long list: a line for each object, and below those that are open what differs. */
import { inline, type InlineItem, type Item, readUnified } from "@/code/diffing";

import type { ManagedResources } from "../../resource/queries";

export type Changed = ManagedResources["items"][number];

export type Entry =
  | { kind: "object"; object: Changed; id: string; open: boolean }
  | { kind: "part"; item: Item | InlineItem; id: string; at: number }
  | { kind: "cut"; object: Changed; id: string };

export function idOf({ group, kind, namespace, name }: Changed): string {
  return [group, kind, namespace, name].join("/");
}

const kept = new WeakMap<Changed, readonly Item[]>();

/** The lines of an object's difference; read once, since an answer that has not changed is the same object. */
function itemsOf(object: Changed): readonly Item[] {
  const known = kept.get(object);
  if (known !== undefined) return known;
  const items = readUnified(object.diff.text);
  kept.set(object, items);
  return items;
}

export function entriesOf(objects: readonly Changed[], closed: ReadonlySet<string>, split: boolean): readonly Entry[] {
  return objects.flatMap((object): Entry[] => {
    const id = idOf(object);
    const open = !closed.has(id);
    const head: Entry = { kind: "object", object, id, open };
    if (!open) return [head];
    if (object.diff.cut === true) return [head, { kind: "cut", object, id }];
    const items = itemsOf(object);
    const oneSided = object.diff.kind !== "changed";
    const parts = split && !oneSided ? items : inline(items);
    return [head, ...parts.map((item, at): Entry => ({ kind: "part", item, id, at }))];
  });
}

/** Where changes begin; an object whose lines are not shown counts as one. */
export function stopsOf(entries: readonly Entry[]): readonly number[] {
  return entries.flatMap((entry, at) => {
    if (entry.kind === "object") return entry.open ? [] : [at];
    if (entry.kind === "cut") return [at];
    return (entry.item.kind === "row" || entry.item.kind === "line") && entry.item.first ? [at] : [];
  });
}

export interface Wanted {
  sought: string;
  /** One of added, changed, removed; empty for all. */
  kind: string;
}

export function wantedOf(objects: readonly Changed[], { sought, kind }: Wanted): readonly Changed[] {
  const words = sought.toLowerCase().split(/\s+/);
  return objects.filter((object) => {
    const told = `${object.kind} ${object.namespace}/${object.name} ${object.diff.changes.map(({ path }) => path).join(" ")}`;
    return (kind === "" || object.diff.kind === kind) && words.every((word) => told.toLowerCase().includes(word));
  });
}
