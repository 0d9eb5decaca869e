/** Results of an operation by phase and wave. */
import type { Look, Result } from "./said";

export interface StepGroup {
  name: string;
  results: readonly Result[];
}

/** Hooks before, waves in their order, hooks afterwards (Argo CD documentation, "Sync Phases and Waves"). */
const order = ["Failed", "PreSync hooks", "Sync hooks", "Wave", "PostSync hooks", "SyncFail hooks"];

function isFailed({ result }: Result): boolean {
  return result === "failed";
}

export function groupsOf(
  results: readonly Result[],
  waveOf: (result: Result) => number | undefined,
): readonly StepGroup[] {
  const groups = new Map<string, { place: number; wave: number; results: Result[] }>();
  for (const each of results) {
    const wave = each.hook === "" ? waveOf(each) : undefined;
    const name = isFailed(each)
      ? "Failed"
      : each.hook !== ""
        ? `${each.hook} hooks`
        : wave === undefined
          ? "Objects"
          : `Wave ${wave}`;
    const place = order.indexOf(name.startsWith("Wave") || name === "Objects" ? "Wave" : name);
    const known = groups.get(name);
    if (known === undefined) groups.set(name, { place, wave: wave ?? Infinity, results: [each] });
    else known.results.push(each);
  }
  return [...groups]
    .sort(([, one], [, other]) => one.place - other.place || (one.wave === other.wave ? 0 : one.wave - other.wave))
    .map(([name, { results: members }]) => ({ name, results: members }));
}

const looks: Readonly<Record<string, Look>> = {
  failed: { tone: "bad", shape: "cross", word: "failed" },
  created: { tone: "good", shape: "tick", word: "created" },
  configured: { tone: "good", shape: "tick", word: "configured" },
  succeeded: { tone: "good", shape: "tick", word: "succeeded" },
  pruned: { tone: "lost", shape: "gone", word: "pruned" },
  deleted: { tone: "lost", shape: "gone", word: "deleted" },
  running: { tone: "wait", shape: "turning", word: "running" },
};

/** What was done, with its mark. */
export function resultLook({ result }: Pick<Result, "result">): Look {
  return looks[result] ?? { tone: "idle", shape: "ask", word: result };
}
