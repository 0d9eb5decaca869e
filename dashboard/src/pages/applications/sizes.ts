import { useSyncExternalStore } from "react";

import type { View } from "./selecting";

export interface Sizes {
  /** Height of a line, without the gap below it. Pixels, as all of these. */
  row: number;
  /** Width of what stands beside others; 0 where nothing does. */
  each: number;
  gap: number;
  /** Height of a group's heading. */
  heading: number;
}

const narrow = matchMedia("(max-width: 47.99rem)");

/** Sizes that the style sheet and the list agree on. */
export function sizes(view: View): Sizes {
  const heading = 44;
  if (view === "cards") return { row: 136, each: 264, gap: 12, heading };
  if (view === "map") return { row: 32, each: 32, gap: 4, heading };
  return { row: narrow.matches ? 64 : 40, each: 0, gap: 0, heading };
}

/** Whether the window is as narrow as a phone. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      narrow.addEventListener("change", listener);
      return () => narrow.removeEventListener("change", listener);
    },
    () => narrow.matches,
  );
}
