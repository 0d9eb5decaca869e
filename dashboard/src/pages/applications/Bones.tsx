import { Skeleton } from "@/parts";

import type { View } from "./selecting";
import { sizes } from "./sizes";

/** As much of a list as fits a screen, before it is there; of the same heights. */
export function Bones({ view }: { view: View }) {
  const { row, gap } = sizes(view);
  const count = view === "table" ? 14 : view === "cards" ? 4 : 6;
  return (
    <div className="apps-bones" role="status" aria-label="Loading applications">
      {view === "table" && <div className="apps-head" />}
      {Array.from({ length: count }, (_, index) => (
        <div key={index} style={{ height: row + gap, paddingBlock: view === "table" ? 10 : gap / 2 }}>
          <Skeleton height="100%" />
        </div>
      ))}
    </div>
  );
}
