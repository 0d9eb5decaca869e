import { createContext, use } from "react";

/** The element that scrolls the page, which lists need to know. */
export const ScrollArea = createContext<HTMLElement | null>(null);

export function useScrollArea(): HTMLElement | null {
  return use(ScrollArea);
}
