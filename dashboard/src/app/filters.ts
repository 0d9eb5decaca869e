/** What a list is searched for and filtered by, as it stands in the address. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";

export interface Filters {
  /** The words that are searched for. */
  q: string;
  /** What is chosen of a filter; nothing chosen lets everything through. */
  of: (name: string) => readonly string[];
  /** A list of values, or one text; an empty one leaves the address. */
  set: (name: string, value: string | readonly string[]) => void;
  clear: () => void;
  /** Whether anything is searched for or filtered by. */
  any: boolean;
}

/** Reads and writes the address; what belongs to others in it stays. */
export function useFilters(names: readonly string[]): Filters {
  const [search, setSearch] = useSearchParams();
  const known = names.join(" ");
  const set = useCallback(
    (name: string, value: string | readonly string[]) =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          const text = typeof value === "string" ? value : value.join(",");
          if (text === "") after.delete(name);
          else after.set(name, text);
          return after;
        },
        { replace: true },
      ),
    [setSearch],
  );
  return useMemo(() => {
    const all = ["q", ...known.split(" ")];
    return {
      q: search.get("q") ?? "",
      of: (name: string) => (search.get(name) ?? "").split(",").filter((each) => each !== ""),
      set,
      clear: () =>
        setSearch(
          (before) => {
            const after = new URLSearchParams(before);
            for (const name of all) after.delete(name);
            return after;
          },
          { replace: true },
        ),
      any: all.some((name) => (search.get(name) ?? "") !== ""),
    };
  }, [search, setSearch, set, known]);
}

/** Whether a text has all the words, in any order and of any case. */
export function hasWords(text: string, words: string): boolean {
  const low = text.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => low.includes(word));
}
