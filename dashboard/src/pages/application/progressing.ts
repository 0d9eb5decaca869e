/** How far an operation is: its phases, waves and hooks as steps, each with its objects. Worked out of the status, where
    objects have their wave, sync and health, and results say what was done. */
import type { Look } from "@/record/said";

import type { Application } from "./queries";

export type StepState = "done" | "current" | "failed" | "waiting";

export interface StepObject {
  kind: string;
  name: string;
  namespace: string;
  state: StepState;
  /** What is known of it: what it waits for, or why it failed. */
  message: string;
}

export interface Step {
  /** "PreSync", "Wave -1", "PostSync". */
  name: string;
  state: StepState;
  done: number;
  objects: readonly StepObject[];
}

export interface ProgressNow {
  steps: readonly Step[];
  done: number;
  total: number;
  failed: readonly StepObject[];
  /** What is being made or waited for now. */
  current: readonly StepObject[];
}

type Status = Application["status"];
type Result = NonNullable<NonNullable<Status["operationState"]>["syncResult"]["resources"]>[number];
type Row = NonNullable<Status["resources"]>[number];

const before = ["PreDelete", "PreSync"];
const hookOrder = [...before, "Sync", "PostSync", "SyncFail", "PostDelete"];

export function progressOf({ status }: Application): ProgressNow {
  const results = status.operationState?.syncResult.resources ?? [];
  const hooks = results.filter((each) => each.hookType !== undefined);
  const of = new Map(results.filter((each) => each.hookType === undefined).map((each) => [idOf(each), each]));
  const waves = new Map<number, StepObject[]>();
  for (const row of status.resources ?? []) {
    const wave = row.syncWave ?? 0;
    waves.set(wave, [...(waves.get(wave) ?? []), objectOf(row, of.get(idOf(row)))]);
    of.delete(idOf(row));
  }
  const gone = [...of.values()].map((each) => objectOf(undefined, each));
  const steps = [
    ...hookSteps(hooks, (type) => before.includes(type)),
    ...[...waves].sort(([one], [other]) => one - other).map(([wave, objects]) => stepOf(`Wave ${wave}`, objects)),
    ...(gone.length > 0 ? [stepOf("Removed", gone)] : []),
    ...hookSteps(hooks, (type) => !before.includes(type)),
  ];
  const objects = steps.flatMap((step) => step.objects);
  return {
    steps: oneCurrent(steps),
    done: objects.filter((each) => each.state === "done").length,
    total: objects.length,
    failed: objects.filter((each) => each.state === "failed"),
    current: objects.filter((each) => each.state === "current"),
  };
}

function hookSteps(hooks: readonly Result[], wanted: (type: string) => boolean): Step[] {
  return hookOrder
    .filter(wanted)
    .map((type) =>
      stepOf(
        type,
        hooks.filter((each) => each.hookType === type).map((each) => hookOf(each)),
      ),
    )
    .filter((step) => step.objects.length > 0);
}

function objectOf(row: Row | undefined, result: Result | undefined): StepObject {
  const { kind = "", name = "", namespace = "" } = row ?? result ?? {};
  const health = row?.health;
  const state: StepState =
    result?.status === "SyncFailed"
      ? "failed"
      : result === undefined
        ? row?.status === "OutOfSync"
          ? "waiting"
          : health?.status === "Progressing"
            ? "current"
            : "done"
        : health?.status === "Progressing" || health?.status === "Missing"
          ? "current"
          : "done";
  const told = state === "failed" ? result?.message : state === "current" ? health?.message : undefined;
  return { kind, name, namespace, state, message: told ?? "" };
}

function hookOf({ kind, name, namespace, hookPhase = "", message }: Result): StepObject {
  const state =
    hookPhase === "Running" ? "current" : hookPhase === "Failed" || hookPhase === "Error" ? "failed" : "done";
  return { kind, name, namespace, state, message: message.toLowerCase() === hookPhase.toLowerCase() ? "" : message };
}

function stepOf(name: string, objects: readonly StepObject[]): Step {
  const done = objects.filter((each) => each.state === "done").length;
  const has = (state: StepState) => objects.some((each) => each.state === state);
  const state = has("failed") ? "failed" : has("current") ? "current" : has("waiting") ? "waiting" : "done";
  return { name, state, done, objects };
}

/** The first step that is not done is where it is, though nothing of it may have begun. */
function oneCurrent(steps: readonly Step[]): readonly Step[] {
  const at = steps.findIndex((step) => step.state !== "done");
  return steps.map((step, index) => (index === at && step.state === "waiting" ? { ...step, state: "current" } : step));
}

function idOf({ group = "", kind, namespace = "", name }: Row | Result): string {
  return [group, kind, namespace, name].join("/");
}

const looks: Readonly<Record<StepState, Look>> = {
  done: { tone: "good", shape: "tick", word: "done" },
  current: { tone: "wait", shape: "turning", word: "under way" },
  failed: { tone: "bad", shape: "cross", word: "failed" },
  waiting: { tone: "idle", shape: "clock", word: "waits" },
};

export function stepLook(state: StepState): Look {
  return looks[state];
}
