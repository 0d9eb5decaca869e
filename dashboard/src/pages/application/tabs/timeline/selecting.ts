/** What of the timeline is shown; it stands in the address. */
import type { FilterOption } from "@/parts";
import { type Entry, peopleOf } from "@/record/merging";

export interface Choice {
  kind: readonly string[];
  who: readonly string[];
  /** The entry that is open. */
  open: string;
}

const names: Readonly<Record<string, string>> = {
  heal: "Put back",
  partial: "Sync",
  sync: "Sync",
  "dry run": "Dry run",
  delete: "Deletion",
};

export const kinds = {
  of: (entry: Entry): string => {
    if (entry.kind === "drift") return "Change by hand";
    if ((entry.row.returnedTo ?? "") !== "") return "Rollback";
    return names[entry.row.action] ?? entry.row.action;
  },
} as const;

export function readChoice(search: URLSearchParams): Choice {
  return { kind: search.getAll("kind"), who: search.getAll("who"), open: search.get("open") ?? "" };
}

export function writeChoice({ kind, who, open }: Choice): URLSearchParams {
  const search = new URLSearchParams();
  for (const each of kind) search.append("kind", each);
  for (const each of who) search.append("who", each);
  if (open !== "") search.set("open", open);
  return search;
}

export function fits(entry: Entry, { kind, who }: Choice): boolean {
  if (kind.length > 0 && !kind.includes(kinds.of(entry))) return false;
  return who.length === 0 || peopleOf(entry).some((each) => who.includes(each));
}

/** Values with how often they occur, the most frequent first. */
export function counted(
  entries: readonly Entry[],
  valuesOf: (entry: Entry) => readonly string[],
): readonly FilterOption[] {
  const counts = new Map<string, number>();
  for (const entry of entries) for (const value of valuesOf(entry)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1))
    .map(([value, count]) => ({ value, count }));
}
