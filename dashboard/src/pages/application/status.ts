/** What an application's document says, in the words of its page. */
import type { Schema } from "@/api/types";
import type { Tone } from "@/parts";

import type { Application } from "./queries";

/** Phases in which an operation is not over. */
const underWay = ["Running", "Terminating", "Waiting"];

export function isUnderWay({ status }: Application): boolean {
  return status.operationState !== undefined && underWay.includes(status.operationState.phase);
}

/** Whether somebody has asked for a sync that was not begun. */
export function isWaiting({ status }: Application): boolean {
  return status.requested !== undefined;
}

/** What somebody wanted of one sync alone, in words; nothing where nothing was. */
export function onceOf({
  syncOptions = [],
  syncStrategy,
  retry,
}: Pick<Schema<"WaitingRequest">, "syncOptions" | "syncStrategy" | "retry">): string {
  return [
    ...syncOptions,
    ...(syncStrategy?.apply == null ? [] : ["without hooks"]),
    ...(retry?.limit === undefined ? [] : [`retries: ${retry.limit}`]),
  ].join(", ");
}

/** The revisions that the status is about, in full; one for each source. */
export function revisionsOf({ status }: Application): readonly string[] {
  const { revision = "", revisions } = status.sync;
  return revisions ?? (revision === "" ? [] : [revision]);
}

/** A commit's first seven digits; versions of charts as they are. */
export function short(revision: string): string {
  return /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 7) : revision;
}

export type Deployed = Schema<"Deployed">;

/** The past sync that brought what runs now, with its commit, if the last one is that. */
export function deployedOf(application: Application): Deployed | undefined {
  const now = revisionsOf(application).join();
  return application.status.history.findLast((each) => (each.revisions?.join() ?? each.revision ?? "") === now);
}

export interface AutoSync {
  on: boolean;
  prune: boolean;
  selfHeal: boolean;
}

/** Whether new commits are synced by themselves; a pause is told apart (`pauseOf`). */
export function autoSyncOf({ spec, status }: Application): AutoSync {
  const automated: unknown = spec.syncPolicy?.["automated"];
  if (typeof automated !== "object" || automated === null) return { on: false, prune: false, selfHeal: false };
  const said = automated as Record<string, unknown>;
  return {
    on: said["enabled"] !== false,
    prune: said["prune"] === true,
    selfHeal: status.selfHeal?.enabled ?? said["selfHeal"] === true,
  };
}

/** Who paused automated sync, and why. */
export function pauseOf({ status }: Application): Schema<"PausedBy"> | undefined {
  return status.paused;
}

/** Deletions that wait for somebody's word; what they are, in a sentence. */
export function awaitedOf({ status }: Application): string | undefined {
  return status.conditions.find((each) => each.type === "DeletionConfirmationRequired")?.message;
}

/** Conditions that the page does not say elsewhere, worst first. */
export function conditionsOf({ status }: Application): readonly Schema<"Condition">[] {
  return status.conditions
    .filter(({ type }) => type !== "AutoSyncPaused")
    .sort((one, other) => Number(toneOf(other) === "bad") - Number(toneOf(one) === "bad"));
}

export function toneOf({ type }: { type: string }): Tone {
  return /Error|Failed|Degraded/.test(type) ? "bad" : type.includes("Info") ? "idle" : "warn";
}

export interface SourceShown {
  repoURL: string;
  /** A folder, a chart, or nothing. */
  place: string;
  target: string;
}

/** Where it comes from; one for each source. */
export function sourcesOf({ spec }: Application): readonly SourceShown[] {
  const all = spec.sources ?? (spec.source == null ? [] : [spec.source]);
  return all.map((source) => {
    const text = (name: string) => (typeof source[name] === "string" ? source[name] : "");
    return {
      repoURL: text("repoURL"),
      place: text("path") || text("chart"),
      target: text("targetRevision") || "HEAD",
    };
  });
}

export function destinationOf({ spec }: Application): { cluster: string; namespace: string } {
  const text = (name: string) => (typeof spec.destination[name] === "string" ? spec.destination[name] : "");
  return { cluster: text("name") || text("server"), namespace: text("namespace") };
}

/** An address as people say it: "git.example.com/team/shop". */
export function told(url: string): string {
  return url.replace(/^[a-z+]+:\/\//, "").replace(/\.git$/, "");
}
