/** Which past syncs an application can be compared with and rolled back to, and which of them is what runs now. */
import type { Row } from "@/record/said";

/** What the API calls what git wants now, beside ids of operations. */
export const wanted = "wanted";

/** Syncs of all objects that succeeded: those brought a whole bundle. */
export function isPast({ action, outcome }: Row): boolean {
  return action === "sync" && outcome === "Succeeded";
}

/** The newest sync of all is what runs; a heal or a sync of chosen objects brings no other bundle. */
export function currentOf(rows: readonly Row[]): Row | undefined {
  return rows.find(isPast);
}

/** The two that are compared, the older one first; what git wants is newer than anything. */
export function ordered(ids: readonly string[]): readonly [string, string] | undefined {
  const [one, other] = ids;
  if (one === undefined || other === undefined || one === other) return undefined;
  return one === wanted || (other !== wanted && one > other) ? [other, one] : [one, other];
}

/** Another one is chosen; of three, the one that was chosen first goes. */
export function toggled(ids: readonly string[], id: string): readonly string[] {
  return ids.includes(id) ? ids.filter((each) => each !== id) : [...ids, id].slice(-2);
}

const sha = /^[0-9a-f]{40}$|^[0-9a-f]{64}$/;

/** What brings git back to a revision, as commits that undo those that came later; nothing for charts, or several sources. */
export function revertCommand(to: string, current: string): string | undefined {
  if (to === current || !sha.test(to) || !sha.test(current)) return undefined;
  return `git revert --no-edit ${to.slice(0, 12)}..${current.slice(0, 12)}`;
}
