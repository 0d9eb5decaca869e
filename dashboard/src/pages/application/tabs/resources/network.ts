/** How requests get in: what an Ingress sends to Services, and these to pods. Whatever nothing is sent to is left out. */
import type { Box, Drawn, Link, Opened } from "./grouping";
import { portion, stackFrom } from "./grouping";
import type { Item, Model } from "./model";
import type { Selected } from "./selecting";

/** Whether the tree has anything of the kind. */
export function hasNetwork(model: Model): boolean {
  for (const { node } of model.items.values()) if ((node.targets?.length ?? 0) > 0) return true;
  return false;
}

export function drawNetwork(model: Model, { fits, kept }: Selected, opened: Opened): Drawn {
  const byUid = new Map<string, Item>();
  for (const item of model.items.values()) if (item.node.uid !== "") byUid.set(item.node.uid, item);
  const senders = [...model.items.values()].filter(({ node }) => (node.targets?.length ?? 0) > 0);
  const sources = new Map<Item, Item[]>();
  for (const sender of senders.sort(byId)) {
    for (const uid of sender.node.targets ?? []) {
      const target = byUid.get(uid);
      if (target === undefined) continue;
      const list = sources.get(target);
      if (list === undefined) sources.set(target, [sender]);
      else list.push(sender);
    }
  }
  const all = [...new Set([...senders, ...sources.keys()])].filter(
    (item) =>
      kept === undefined || kept.has(item.id) || (item.node.targets ?? []).some((uid) => isKept(byUid.get(uid))),
  );
  function isKept(item: Item | undefined): boolean {
    return item !== undefined && kept?.has(item.id) === true;
  }

  const there = new Set(all);
  const boxes: Box[] = [];
  const links: Link[] = [];
  const stacks = new Map<string, Item[]>();
  const linked = (item: Item, target: string) => {
    for (const source of sources.get(item) ?? []) if (there.has(source)) links.push({ source: source.id, target });
  };
  const object = (item: Item) =>
    boxes.push({ type: "object", id: item.id, item, faded: fits !== undefined && !fits.has(item.id) });

  for (const item of all.sort(byId)) {
    if ((item.node.targets?.length ?? 0) > 0 || !sources.has(item)) {
      object(item);
      linked(item, item.id);
      continue;
    }
    const key = `${(sources.get(item) ?? []).map((each) => each.id).join(" ")} ${item.node.kind}`;
    const stack = stacks.get(key);
    if (stack === undefined) stacks.set(key, [item]);
    else stack.push(item);
  }
  const from = Math.min(8, stackFrom(all.length));
  for (const [id, items] of stacks) {
    const [first] = items;
    if (first === undefined) continue;
    if (items.length < from) {
      for (const item of items) {
        object(item);
        linked(item, item.id);
      }
      continue;
    }
    const shown = Math.min(opened.get(id) ?? 0, items.length);
    boxes.push({ type: "stack", id, kind: first.node.kind, old: false, items, open: shown > 0 });
    linked(first, id);
    for (const item of items.slice(0, shown)) {
      object(item);
      links.push({ source: id, target: item.id });
    }
    if (shown > 0 && shown < items.length) {
      boxes.push({ type: "more", id: `${id} more`, stack: id, left: items.length - shown, next: shown + portion });
      links.push({ source: id, target: `${id} more` });
    }
  }
  return { boxes, links };
}

function byId(one: Item, other: Item): number {
  return one.id < other.id ? -1 : 1;
}
