import { describe, expect, it } from "vitest";

import { progressOf } from "./progressing";
import type { Application } from "./queries";
import { ordered, revertCommand, toggled, wanted } from "./tabs/history/past";

type Status = Application["status"];
type Rows = NonNullable<Status["resources"]>;
type Results = NonNullable<NonNullable<Status["operationState"]>["syncResult"]["resources"]>;

function application(resources: Rows, results: Results): Application {
  const operationState = { phase: "Running", syncResult: { resources: results } };
  return { status: { resources, operationState } } as unknown as Application;
}

const row = (name: string, wave: number, status: string, health?: string) => ({
  version: "v1",
  kind: "Deployment",
  name,
  namespace: "shop",
  status,
  syncWave: wave,
  ...(health === undefined ? {} : { health: { status: health } }),
});

const result = (name: string, status = "Synced", more: object = {}) => ({
  ...{ version: "v1", kind: "Deployment", namespace: "shop", name, status, message: "configured" },
  ...more,
});

describe("the progress of an operation", () => {
  it("goes through hooks and waves in their order", () => {
    const now = progressOf(
      application(
        [row("web", 2, "OutOfSync"), row("db", -1, "Synced", "Healthy"), row("api", 0, "Synced", "Progressing")],
        [
          result("db"),
          result("api"),
          result("smoke", "Synced", { hookType: "PostSync", hookPhase: "Running" }),
          result("migrate", "Synced", { hookType: "PreSync", hookPhase: "Succeeded" }),
        ],
      ),
    );
    expect(now.steps.map(({ name, state, done }) => [name, state, done])).toEqual([
      ["PreSync", "done", 1],
      ["Wave -1", "done", 1],
      ["Wave 0", "current", 0],
      ["Wave 2", "waiting", 0],
      ["PostSync", "current", 0],
    ]);
    expect([now.done, now.total]).toEqual([2, 5]);
    expect(now.current.map(({ name }) => name)).toEqual(["api", "smoke"]);
  });

  it("is at the first step that is not done, though nothing of it has begun", () => {
    const { steps } = progressOf(application([row("a", 0, "Synced"), row("b", 1, "OutOfSync")], []));
    expect(steps.map(({ state }) => state)).toEqual(["done", "current"]);
  });

  it("tells what failed, and why", () => {
    const now = progressOf(
      application(
        [row("web", 0, "OutOfSync")],
        [
          result("web", "SyncFailed", { message: "must not be negative" }),
          result("migrate", "Synced", { hookType: "PreSync", hookPhase: "Failed", message: "exit code 1" }),
        ],
      ),
    );
    expect(now.failed.map(({ name, message }) => [name, message])).toEqual([
      ["migrate", "exit code 1"],
      ["web", "must not be negative"],
    ]);
    expect(now.steps.map(({ state }) => state)).toEqual(["failed", "failed"]);
  });

  it("names what goes, and waits for what is missing", () => {
    const now = progressOf(application([row("new", 0, "Synced", "Missing")], [result("new"), result("old", "Pruned")]));
    expect(now.steps.map(({ name, state }) => [name, state])).toEqual([
      ["Wave 0", "current"],
      ["Removed", "done"],
    ]);
  });
});

describe("past syncs", () => {
  it("are compared from the older to the newer, and what git wants is the newest", () => {
    expect(ordered(["02", "01"])).toEqual(["01", "02"]);
    expect(ordered([wanted, "01"])).toEqual(["01", wanted]);
    expect(ordered(["01", wanted])).toEqual(["01", wanted]);
    expect([ordered(["01"]), ordered(["01", "01"])]).toEqual([undefined, undefined]);
  });

  it("are chosen two at a time", () => {
    expect(toggled(["1", "2"], "3")).toEqual(["2", "3"]);
    expect(toggled(["1", "2"], "1")).toEqual(["2"]);
  });

  it("are gone back to in git by a revert of what came later", () => {
    const [old, now] = ["a".repeat(40), "b".repeat(40)];
    expect(revertCommand(old, now)).toBe("git revert --no-edit aaaaaaaaaaaa..bbbbbbbbbbbb");
    expect([revertCommand(old, old), revertCommand("1.2.3", now), revertCommand(`${old},${now}`, now)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
