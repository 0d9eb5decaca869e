import { createContext, type RefObject, use, useLayoutEffect, useState } from "react";

/** The element that scrolls the page, which lists need to know. */
export const ScrollArea = createContext<HTMLElement | null>(null);

export function useScrollArea(): HTMLElement | null {
  return use(ScrollArea);
}

/** How far below the beginning of what scrolls a box stands, in pixels. */
export function useMargin(box: RefObject<HTMLElement | null>, area: HTMLElement | null): number {
  const [margin, setMargin] = useState(0);
  // After every render: whatever stands above may have grown. It settles at once, for it is compared.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  useLayoutEffect(() => {
    if (box.current === null || area === null) return;
    const top = box.current.getBoundingClientRect().top - area.getBoundingClientRect().top + area.scrollTop;
    // What is laid out can only be measured afterwards.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    if (Math.abs(top - margin) > 1) setMargin(top);
  });
  return margin;
}
