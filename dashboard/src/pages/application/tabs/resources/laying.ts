/** Where boxes stand: a column for each step from the application, and each box beside the middle of what hangs on it.

    One pass over boxes and lines, so that thousands take some milliseconds and nothing has to wait for a worker. The
    same boxes in the same order stand in the same places, whatever became of them. */
import type { Drawn } from "./grouping";

export interface Place {
  x: number;
  y: number;
}

export type Places = ReadonlyMap<string, Place>;

/** Width and height of boxes in pixels, which the style sheet has as well. */
export const size = { width: 236, height: 60 } as const;
/** Between columns, and between boxes of a column. */
const gap = { x: 64, y: 14 } as const;
export const step = gap.x;

/** A place for each box. What several lines lead to stands with the first of them, behind all of them. */
export function placesOf({ boxes, links }: Drawn): Places {
  const below = new Map<string, string[]>();
  const sources = new Map<string, string[]>();
  for (const { source, target } of links) {
    const before = sources.get(target);
    if (before === undefined) {
      sources.set(target, [source]);
      const list = below.get(source);
      if (list === undefined) below.set(source, [target]);
      else list.push(target);
    } else before.push(source);
  }
  const columns = new Map<string, number>();
  const column = (id: string): number => {
    const known = columns.get(id);
    if (known !== undefined) return known;
    columns.set(id, 0); // lines in a circle end here
    const found = (sources.get(id) ?? []).reduce((most, source) => Math.max(most, column(source) + 1), 0);
    columns.set(id, found);
    return found;
  };
  const rows = new Map<string, number>();
  let next = 0;
  const place = (id: string): number => {
    const inside = (below.get(id) ?? []).filter((each) => !rows.has(each));
    rows.set(id, next);
    const [first, ...more] = inside.map(place);
    const row = first === undefined ? next++ : (first + (more.at(-1) ?? first)) / 2;
    rows.set(id, row);
    return row;
  };
  for (const { id } of boxes) if (!sources.has(id)) place(id);
  for (const { id } of boxes) if (!rows.has(id)) place(id);
  return new Map(
    boxes.map(({ id }) => [
      id,
      { x: column(id) * (size.width + gap.x), y: Math.round((rows.get(id) ?? 0) * (size.height + gap.y)) },
    ]),
  );
}
