/** Any number of lines, of which only those in sight exist; each as high as what it holds. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type Ref, useImperativeHandle, useRef } from "react";

import { useMargin } from "@/parts/scrolling";

export interface FlowHandle {
  reveal: (index: number, align?: "auto" | "center" | "start" | "end") => void;
}

interface FlowProps {
  count: number;
  /** What a line may be high, in pixels; it is measured once it is there. */
  estimate: (index: number) => number;
  itemKey: (index: number) => string | number;
  item: (index: number) => ReactNode;
  /** What scrolls. */
  area: HTMLElement | null;
  ref?: Ref<FlowHandle>;
}

export function Flow({ count, estimate, itemKey, item, area, ref }: FlowProps) {
  const box = useRef<HTMLDivElement>(null);
  const margin = useMargin(box, area);
  // The virtualiser keeps its own state and says itself when to render again.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => area,
    estimateSize: estimate,
    getItemKey: itemKey,
    overscan: 20,
    scrollMargin: margin,
    scrollPaddingStart: 72,
    scrollPaddingEnd: 48,
  });
  useImperativeHandle(ref, () => ({
    reveal: (index, align = "auto") => virtual.scrollToIndex(index, { align }),
  }));
  const shown = virtual.getVirtualItems();
  const start = shown[0]?.start ?? margin;
  return (
    <div ref={box} className="flow" style={{ height: virtual.getTotalSize() }}>
      <div className="flow-shown" style={{ transform: `translateY(${start - margin}px)` }}>
        {shown.map((each) => (
          <div key={each.key} data-index={each.index} ref={virtual.measureElement}>
            {item(each.index)}
          </div>
        ))}
      </div>
    </div>
  );
}
