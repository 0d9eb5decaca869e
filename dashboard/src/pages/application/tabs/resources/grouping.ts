/** What the graph draws of a tree: objects as boxes, and many of a kind that hang on the same as one box, which opens.

    The order of boxes follows from their names alone, so what is drawn stays where it is while health changes. */
import { healthOrder } from "@/parts/Marks";

import { healthOf, infoOf, type Item, type Model } from "./model";
import type { Selected } from "./selecting";

export type Box =
  | { type: "root"; id: string }
  | { type: "object"; id: string; item: Item; faded: boolean }
  | { type: "stack"; id: string; kind: string; old: boolean; items: readonly Item[]; open: boolean }
  /** The end of a stack of which only the first are shown. */
  | { type: "more"; id: string; stack: string; left: number; next: number };

export interface Link {
  source: string;
  target: string;
}

export interface Drawn {
  boxes: readonly Box[];
  links: readonly Link[];
}

/** How many of each stack are shown, by its id; those that are not in it are closed. */
export type Opened = ReadonlyMap<string, number>;

export const rootId = "/";
/** So many of a stack are shown at once. */
export const portion = 50;

/** From how many of a kind on siblings are one stack: the more there is to draw, the fewer. */
export function stackFrom(count: number): number {
  return count <= 80 ? 16 : count <= 400 ? 8 : 4;
}

/** The tree from the application to its pods. */
export function drawTree(model: Model, { fits, kept }: Selected, opened: Opened): Drawn {
  const boxes: Box[] = [{ type: "root", id: rootId }];
  const links: Link[] = [];
  const from = stackFrom(kept?.size ?? model.items.size);

  const below = (parent: string, all: readonly Item[]) => {
    const items = kept === undefined ? all : all.filter((each) => kept.has(each.id));
    for (const { kind, old, items: alike } of bundles(items)) {
      if (alike.length >= (old ? 2 : from)) stack(parent, kind, old, alike);
      else for (const item of alike) object(parent, item);
    }
  };
  const object = (parent: string, item: Item) => {
    boxes.push({ type: "object", id: item.id, item, faded: fits !== undefined && !fits.has(item.id) });
    links.push({ source: parent, target: item.id });
    below(item.id, item.children);
  };
  const stack = (parent: string, kind: string, old: boolean, items: readonly Item[]) => {
    const id = `${parent} ${old ? "old " : ""}${kind}`;
    const shown = Math.min(opened.get(id) ?? 0, items.length);
    boxes.push({ type: "stack", id, kind: items[0]?.node.kind ?? kind, old, items, open: shown > 0 });
    links.push({ source: parent, target: id });
    for (const item of items.slice(0, shown)) object(id, item);
    if (shown > 0 && shown < items.length) {
      const left = items.length - shown;
      boxes.push({ type: "more", id: `${id} more`, stack: id, left, next: shown + portion });
      links.push({ source: id, target: `${id} more` });
    }
  };
  below(rootId, model.roots);
  return { boxes, links };
}

/** Siblings by kind, in their order; ReplicaSets that were scaled to nothing apart. */
function bundles(items: readonly Item[]): readonly { kind: string; old: boolean; items: readonly Item[] }[] {
  const found = new Map<string, { kind: string; old: boolean; items: Item[] }>();
  for (const item of items) {
    const kind = item.node.group === "" ? item.node.kind : `${item.node.group}/${item.node.kind}`;
    const old =
      item.node.kind === "ReplicaSet" && infoOf(item.node, "Replicas") === "0/0" && item.children.length === 0;
    const name = old ? `${kind} old` : kind;
    const bundle = found.get(name);
    if (bundle === undefined) found.set(name, { kind, old, items: [item] });
    else bundle.items.push(item);
  }
  return [...found.values()];
}

/** How many of a stack are how well, worst first; those without a health are left out. */
export function healthsOf(items: readonly Item[]): readonly (readonly [health: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const { node } of items) {
    const health = healthOf(node);
    if (health !== "") counts.set(health, (counts.get(health) ?? 0) + 1);
  }
  return healthOrder.flatMap((health) => {
    const count = counts.get(health);
    return count === undefined ? [] : [[health, count] as const];
  });
}
