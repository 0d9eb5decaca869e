/** A list in a part of a page that is asked for whole and searched here: it says when it is empty, and why it can't be had. */
import "@/code/code.css";

import { type ReactNode, useState } from "react";

import { SearchField } from "./SearchField";
import { ErrorState, Skeleton } from "./States";

interface AskedListProps<Item> {
  /** What is in it, as in "Search events". */
  name: string;
  /** Undefined as long as they aren't there. */
  items: readonly Item[] | undefined;
  /** Which of them, where `bar` leaves some out. */
  only?: (item: Item) => boolean;
  error: Error | null;
  onRetry: () => void;
  /** Shown where there is none at all. */
  empty: ReactNode;
  /** What search looks at. */
  text: (item: Item) => string;
  /** Shown where none fits. */
  none: string;
  /** Beside the search. */
  bar?: ReactNode;
  /** It stands in a part of the page that has a search of its own. */
  small?: boolean;
  /** Below the list. */
  foot?: ReactNode;
  /** Draws those that fit. */
  children: (shown: readonly Item[]) => ReactNode;
}

export function AskedList<Item>({ name, items, error, onRetry, empty, text, none, ...rest }: AskedListProps<Item>) {
  const { only, bar, small = false, foot, children } = rest;
  const [sought, setSought] = useState("");
  if (items === undefined) {
    if (error !== null) return <ErrorState error={error} onRetry={onRetry} />;
    return (
      <div role="status" aria-label="Loading">
        <Skeleton height="8rem" />
      </div>
    );
  }
  if (items.length === 0) return empty;
  const words = sought.toLowerCase();
  const shown = items.filter((item) => only?.(item) !== false && text(item).toLowerCase().includes(words));
  return (
    <div className="asked-list">
      <div className="code-bar">
        <SearchField small={small} label={`Search ${name}`} value={sought} onChange={setSought} />
        {bar}
      </div>
      {shown.length === 0 ? (
        <p className="soft asked-none" role="status">
          {none}
        </p>
      ) : (
        children(shown)
      )}
      {foot}
    </div>
  );
}
