import type { ApplicationSet } from "@/api/lists";
import { Mark, type Tone } from "@/parts";

type Condition = ApplicationSet["status"]["conditions"][number];

/** In a word, how a set is: Argo CD's conditions ErrorOccurred, ParametersGenerated, ResourcesUpToDate, RolloutProgressing. */
export function stateOf(set: ApplicationSet): "Error" | "Held" | "Rolling out" | "Up to date" | "Not generated yet" {
  const { conditions, heldRemoval } = set.status;
  if (conditions.some(isBad)) return "Error";
  if (heldRemoval !== undefined) return "Held";
  if (conditions.some(({ type, status }) => type === "RolloutProgressing" && status === "True")) return "Rolling out";
  return conditions.length === 0 ? "Not generated yet" : "Up to date";
}

export function isBad({ type, status }: Condition): boolean {
  if (type === "ErrorOccurred") return status === "True";
  return (type === "ParametersGenerated" || type === "ResourcesUpToDate") && status === "False";
}

const looks: Readonly<
  Record<ReturnType<typeof stateOf>, readonly [Tone, "tick" | "cross" | "pause" | "turning" | "ask"]>
> = {
  Error: ["bad", "cross"],
  Held: ["warn", "pause"],
  "Rolling out": ["wait", "turning"],
  "Up to date": ["good", "tick"],
  "Not generated yet": ["idle", "ask"],
};

export function SetMark({ set, boxed }: { set: ApplicationSet; boxed?: boolean }) {
  const word = stateOf(set);
  const [tone, shape] = looks[word];
  return <Mark tone={tone} shape={shape} word={word} boxed={boxed} />;
}

/** What kinds of generators it has: "git, matrix". */
export function generatorsOf(set: ApplicationSet): string[] {
  const names = set.spec.generators.flatMap((each) => Object.keys(each).filter((key) => key !== "selector"));
  return [...new Set(names)];
}
