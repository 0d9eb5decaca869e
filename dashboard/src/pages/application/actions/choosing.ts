/** Which objects a sync is for. */
import type { Schema } from "@/api/types";

type ResourceState = Schema<"ResourceState">;

export function keyOf({ group = "", kind, namespace = "", name }: ResourceState): string {
  return [group, kind, namespace, name].join("/");
}

/** Those that have every word in their kind, namespace or name. */
export function matching(all: readonly ResourceState[], typed: string): readonly ResourceState[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return all;
  return all.filter((each) => words.every((word) => keyOf(each).toLowerCase().includes(word)));
}

/** What a sync is told for itself alone; `retries` as it was typed. */
export interface Once {
  options: ReadonlySet<string>;
  hooks: boolean;
  retries: string;
}

export const plain: Once = { options: new Set(), hooks: true, retries: "" };

/** The body of a request for a sync; nothing in it that was left as it is. */
export function requestOf(given: {
  chosen: readonly ResourceState[] | undefined;
  prune: boolean | undefined;
  dryRun: boolean;
  revision: string;
  once: Once;
}): Schema<"SyncRequest"> {
  const { chosen, prune, dryRun, once } = given;
  const retries = Number.parseInt(once.retries, 10);
  const revision = given.revision.trim();
  return {
    ...(chosen === undefined
      ? {}
      : { resources: chosen.map(({ group = "", kind, namespace = "", name }) => ({ group, kind, namespace, name })) }),
    ...(prune === undefined ? {} : { prune }),
    ...(dryRun ? { dryRun } : {}),
    ...(revision === "" ? {} : { revision }),
    ...(once.options.size === 0 ? {} : { syncOptions: [...once.options].sort() }),
    ...(once.hooks ? {} : { strategy: { apply: {} } }),
    ...(Number.isNaN(retries) ? {} : { retryStrategy: { limit: retries } }),
  };
}
