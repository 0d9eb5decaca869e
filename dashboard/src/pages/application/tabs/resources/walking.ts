/** Where an arrow leads in the graph: left to what a box hangs on, right to what hangs on it, up and down to what stands
    there in the same column. */
import type { Link } from "./grouping";
import type { Places } from "./laying";

export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End";

export const arrows: readonly string[] = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];

/** The next box's id; undefined at an edge. */
export function neighbour(from: string, arrow: Arrow, links: readonly Link[], places: Places): string | undefined {
  const here = places.get(from);
  if (here === undefined) return undefined;
  if (arrow === "ArrowLeft") return links.find((each) => each.target === from)?.source;
  if (arrow === "ArrowRight") {
    const ids = links.filter((each) => each.source === from).map((each) => each.target);
    return nearest(ids, places, here.y);
  }
  const column = [...places].filter(([, { x }]) => x === here.x).sort((one, other) => one[1].y - other[1].y);
  const at = column.findIndex(([id]) => id === from);
  const steps = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: column.length - 1 };
  return column[steps[arrow]]?.[0];
}

function nearest(ids: readonly string[], places: Places, y: number): string | undefined {
  const distance = (id: string) => Math.abs((places.get(id)?.y ?? Infinity) - y);
  return ids.filter((id) => places.has(id)).sort((one, other) => distance(one) - distance(other))[0];
}
