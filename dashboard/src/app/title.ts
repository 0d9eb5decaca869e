import { useEffect } from "react";

/** Names the browser's window: the most special word first. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Mooring" : `${title} · Mooring`;
  }, [title]);
}
