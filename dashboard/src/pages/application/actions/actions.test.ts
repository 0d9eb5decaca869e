import { describe, expect, test } from "vitest";

import type { Application } from "../queries";
import { readRef, writeRef } from "../resource/address";
import { autoSyncOf, conditionsOf, deployedOf, short } from "../status";
import { isPending, outcomeOf, summed } from "./asked";
import { matching, plain, requestOf } from "./choosing";
import { objectOf } from "./rights";

function application(
  status: Partial<Application["status"]> = {},
  spec: Partial<Application["spec"]> = {},
): Application {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "shop", generation: 1 },
    spec: { destination: {}, ...spec },
    status: { sync: { status: "Synced" }, health: { status: "Healthy" }, history: [], conditions: [], ...status },
  };
}

function operation(id: string, phase: string): NonNullable<Application["status"]["operationState"]> {
  const cost = {} as NonNullable<Application["status"]["operationState"]>["cost"];
  return {
    id,
    phase,
    message: "",
    startedAt: "",
    operation: {},
    syncResult: {},
    retryCount: 0,
    kind: "sync",
    requests: 0,
    cost,
  };
}

const web = { group: "apps", version: "v1", kind: "Deployment", namespace: "shop", name: "web", status: "Synced" };
const settings = { version: "v1", kind: "ConfigMap", namespace: "shop", name: "settings", status: "OutOfSync" };

describe("a request for a sync", () => {
  test("says nothing of what was left as it is", () => {
    expect(requestOf({ chosen: undefined, prune: undefined, dryRun: false, revision: " ", once: plain })).toEqual({});
  });

  test("names chosen objects in full", () => {
    expect(requestOf({ chosen: [settings], prune: false, dryRun: true, revision: "v2 ", once: plain })).toEqual({
      resources: [{ group: "", kind: "ConfigMap", namespace: "shop", name: "settings" }],
      prune: false,
      dryRun: true,
      revision: "v2",
    });
  });

  test("takes along what is for it alone", () => {
    const once = { options: new Set(["Replace=true", "Force=true"]), hooks: false, retries: "3" };
    expect(requestOf({ chosen: undefined, prune: undefined, dryRun: false, revision: "", once })).toEqual({
      syncOptions: ["Force=true", "Replace=true"],
      strategy: { apply: {} },
      retryStrategy: { limit: 3 },
    });
  });

  test("is for objects that are found by any of their words", () => {
    expect(matching([web, settings], "deploy web")).toEqual([web]);
    expect(matching([web, settings], "")).toEqual([web, settings]);
  });
});

describe("what was asked for", () => {
  const asked = { id: "01B", what: "Sync" };

  test("is pending until the application comes to it, or is past it", () => {
    expect(isPending(asked, application())).toBe(true);
    expect(isPending(asked, application({ operationState: operation("01A", "Succeeded") }))).toBe(true);
    expect(isPending(asked, application({ operationState: operation("01B", "Running") }))).toBe(false);
    expect(isPending(asked, application({ operationState: operation("01C", "Running") }))).toBe(false);
    expect(isPending(undefined, application())).toBe(false);
  });

  test("has an outcome once it is over", () => {
    expect(outcomeOf("01B", application({ operationState: operation("01B", "Running") }))).toBeUndefined();
    expect(outcomeOf("01B", application({ operationState: operation("01B", "Failed") }))?.phase).toBe("Failed");
  });

  test("is summed by what became of the objects", () => {
    const result = (message: string) => ({ version: "v1", kind: "X", namespace: "", name: "x", status: "", message });
    expect(summed([result("created"), result("created (dry run)"), result("pruned")])).toBe("2 created, 1 pruned");
  });
});

describe("the document in words", () => {
  test("a right is asked for with the namespace where that is not the usual one", () => {
    expect(objectOf(application(), { namespace: "argocd", name: "shop" })).toBe("default/shop");
    expect(objectOf(application({}, { project: "p" }), { namespace: "team", name: "shop" })).toBe("p/team/shop");
  });

  test("automated sync is on unless it is disabled", () => {
    const policy = (automated: unknown) => autoSyncOf(application({}, { syncPolicy: { automated } })).on;
    expect([policy({}), policy({ enabled: true }), policy({ enabled: false }), policy(null)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test("the commit is that of the last sync to this revision", () => {
    const past = (id: number, revision: string) => ({
      id, operation: String(id), revision, deployStartedAt: "", deployedAt: "", initiatedBy: {},
      cause: { kind: "push", id: "", by: "", at: "" },
    }); // prettier-ignore
    const history = [past(1, "a"), past(2, "b"), past(3, "a")];
    expect(deployedOf(application({ history, sync: { status: "Synced", revision: "a" } }))?.id).toBe(3);
    expect(deployedOf(application({ history, sync: { status: "OutOfSync", revision: "c" } }))).toBeUndefined();
    expect([short("a".repeat(40)), short("1.2.3")]).toEqual(["aaaaaaa", "1.2.3"]);
  });

  test("errors come before warnings, and a pause is told elsewhere", () => {
    const conditions = ["RenderWarning", "AutoSyncPaused", "SyncError"].map((type) => ({ type, message: "" }));
    expect(conditionsOf(application({ conditions })).map(({ type }) => type)).toEqual(["SyncError", "RenderWarning"]);
  });

  test("an object's address reads as it was written", () => {
    const object = { group: "apps", kind: "Deployment", namespace: "", name: "web" };
    expect(readRef(writeRef(object))).toEqual(object);
    expect([null, "", "a/b", "a//c/d", "a/b/c/d/e"].map(readRef)).toEqual(Array(5).fill(undefined));
  });
});
