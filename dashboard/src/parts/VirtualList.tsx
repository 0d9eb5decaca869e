import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type Ref, useImperativeHandle, useRef } from "react";

import { useMargin, useScrollArea } from "./scrolling";

export interface VirtualListHandle {
  /** Brings an item into view, and then, once it is there, calls back. */
  reveal: (index: number, then?: () => void) => void;
}

interface VirtualListProps {
  count: number;
  /** Height of an item in pixels; items are exactly as high as this says. */
  size: (index: number) => number;
  /** Stays the same for the same item, whatever comes before it. */
  itemKey: (index: number) => string;
  item: (index: number) => ReactNode;
  /** Roles of the box around the items and of the box around each. */
  role?: "list" | "rowgroup" | "presentation";
  itemRole?: "listitem" | "presentation";
  label?: string;
  ref?: Ref<VirtualListHandle>;
}

/** Any number of items in the page's own scroll area, of which only those in sight exist. */
export function VirtualList(props: VirtualListProps) {
  const { count, size, itemKey, item, role = "list", itemRole = "listitem", label, ref } = props;
  const area = useScrollArea();
  const box = useRef<HTMLDivElement>(null);
  const margin = useMargin(box, area);
  // The virtualiser keeps its own state and says itself when to render again.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => area,
    estimateSize: size,
    getItemKey: itemKey,
    overscan: 8,
    scrollMargin: margin,
    scrollPaddingStart: 96,
    scrollPaddingEnd: 64,
  });
  useImperativeHandle(ref, () => ({
    reveal: (index, then) => {
      virtual.scrollToIndex(index, { align: "auto" });
      if (then !== undefined) requestAnimationFrame(() => requestAnimationFrame(then));
    },
  }));
  return (
    <div ref={box} role={role} aria-label={label} style={{ height: virtual.getTotalSize(), position: "relative" }}>
      {virtual.getVirtualItems().map((each) => (
        <div
          key={each.key}
          role={itemRole}
          style={{
            position: "absolute",
            top: 0,
            left: 0,
            width: "100%",
            height: each.size,
            transform: `translateY(${each.start - margin}px)`,
          }}
        >
          {item(each.index)}
        </div>
      ))}
    </div>
  );
}
