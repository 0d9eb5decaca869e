/** The tree as lines of a list. */
import type { Item, Model } from "./model";
import type { Selected } from "./selecting";

export interface Row {
  item: Item;
  /** From 1. */
  level: number;
  /** Undefined for what has nothing below it. */
  open: boolean | undefined;
  /** Its place among its siblings, from 1, and how many these are. */
  place: number;
  siblings: number;
  faded: boolean;
}

/** Up to so many objects everything is open at first. */
const small = 150;

/** Whether an item is open as long as nobody has said otherwise. */
function opensItself(model: Model, selected: Selected): boolean {
  return selected.kept !== undefined || model.items.size <= small;
}

/** Lines from top to bottom. `turned` are the items that somebody opened or closed against how they were at first. */
export function rowsOf(model: Model, selected: Selected, turned: ReadonlySet<string>): readonly Row[] {
  const { fits, kept } = selected;
  const open = opensItself(model, selected);
  const rows: Row[] = [];
  const add = (items: readonly Item[], level: number) => {
    const shown = kept === undefined ? items : items.filter((each) => kept.has(each.id));
    shown.forEach((item, at) => {
      const below = kept === undefined ? item.children.length > 0 : item.children.some((each) => kept.has(each.id));
      const isOpen = open !== turned.has(item.id);
      rows.push({
        item,
        level,
        open: below ? isOpen : undefined,
        place: at + 1,
        siblings: shown.length,
        faded: fits !== undefined && !fits.has(item.id),
      });
      if (below && isOpen) add(item.children, level + 1);
    });
  };
  add(model.roots, 1);
  return rows;
}
