/** Operations, drift and actions in the words of these pages. */
import type { Schema } from "@/api/types";
import type { Tone } from "@/parts";

export type Row = Readonly<Schema<"Record">>;
export type Drift = Readonly<Schema<"Drift">>;
type Shape = "tick" | "turning" | "cross" | "pause" | "gone" | "ask" | "away" | "clock";

/** A merged request, as its code host told it. */
export interface Merged {
  number: number;
  title: string;
  url: string;
  author: string;
  mergedBy: string;
  /** Who looked at it, with their last word. */
  reviews: readonly { reviewer: string; verdict: string }[];
}

/** What became of one object. */
export interface Result {
  group: string;
  kind: string;
  namespace: string;
  name: string;
  result: string;
  message: string;
  /** Of a hook: "PreSync", "PostSync" …; empty for other objects. */
  hook: string;
}

export interface Look {
  tone: Tone;
  shape: Shape;
  word: string;
}

export function mergedOf({ mergedRequest: told }: Row): Merged | undefined {
  if (told == null) return undefined;
  const reviews = Array.isArray(told["reviews"]) ? (told["reviews"] as Record<string, unknown>[]) : [];
  return {
    number: Number(told["number"]),
    title: text(told["title"]),
    url: text(told["url"]),
    author: text(told["author"]),
    mergedBy: text(told["merged_by"]),
    reviews: reviews.map((each) => ({ reviewer: text(each["reviewer"]), verdict: text(each["verdict"]) })),
  };
}

export function resultsOf({ objects = [] }: Row): readonly Result[] {
  return objects.map((each) => ({
    group: text(each["group"]),
    kind: text(each["kind"]),
    namespace: text(each["namespace"]),
    name: text(each["name"]),
    result: text(each["result"]),
    message: text(each["message"]),
    hook: text(each["hook"]),
  }));
}

/** What an operation was, as a title. */
export function deedOf({ action, returnedTo = "", chosen = [], outcome }: Row): string {
  const ended = outcome === "Succeeded";
  if (action === "heal") return ended ? "Put back a change by hand" : "Putting back a change by hand";
  if (action === "delete") return "Deletion";
  if (action === "dry run") return "Dry run";
  if (action === "partial") return `Sync of ${chosen.length === 1 ? "one object" : `${chosen.length} objects`}`;
  return returnedTo === "" ? "Sync" : "Rollback";
}

const triggers: Readonly<Record<string, string>> = {
  push: "a push",
  pullrequest: "a merged request",
  person: "a person",
  tick: "a sweep",
  spec: "a new declaration",
  render: "a new commit",
  retry: "another attempt",
  watchdog: "a function that died",
  secret: "a secret that changed",
  watch: "the watcher",
  audit: "the audit log",
  image: "a new image",
};

/** What started an operation: "by ada", "by a push of ada". */
export function causeOf({ trigger = "", actor }: Row): string {
  if (trigger === "person" && actor !== "") return `by ${actor}`;
  const what = triggers[trigger] ?? trigger;
  if (what === "") return actor === "" ? "" : `by ${actor}`;
  return actor === "" ? `by ${what}` : `by ${what} (${actor})`;
}

const dones: Readonly<Record<string, Look>> = {
  noticed: { tone: "wait", shape: "turning", word: "Being put back" },
  reported: { tone: "warn", shape: "away", word: "Reported, still there" },
  "held back": { tone: "bad", shape: "pause", word: "Held back: a fight" },
  reverted: { tone: "good", shape: "tick", word: "Put back" },
  adopted: { tone: "good", shape: "tick", word: "Adopted by git" },
  ended: { tone: "idle", shape: "gone", word: "Undone by others" },
  left: { tone: "idle", shape: "ask", word: "Left alone" },
};

/** What was done about drift. */
export function doneLook(done: string): Look {
  return dones[done] ?? { tone: "idle", shape: "ask", word: done };
}

/** Whether a person may still have it put back. */
export function isOpen({ done }: Drift): boolean {
  return done === "reported" || done === "held back";
}

const whats: Readonly<Record<string, string>> = {
  changed: "changed",
  deleted: "deleted",
  recreated: "deleted and made anew",
  "label lost": "took our label off",
  foreign: "added fields to",
  orphan: "made",
  "orphan gone": "removed",
};

/** What happened to the object, as "ada … Deployment/web". */
export function whatOf({ what }: Drift): string {
  return whats[what] ?? what;
}

export interface Someone {
  name: string;
  /** `sure`: the audit log names one person; `likely`: it names several; `manager`: only what wrote is known. */
  known: "sure" | "likely" | "manager" | "nobody";
}

/** By whom it was, as far as anybody knows. */
export function whoOf({ who, fields }: Drift): Someone {
  const names = [...new Set(who.map(personOf))];
  const [first] = names;
  if (first !== undefined) {
    const sure = who.some((each) => each.certain && personOf(each) === first);
    const more = names.length > 1 ? ` (or ${names.slice(1).join(", ")})` : "";
    return { name: `${first}${more}`, known: sure ? "sure" : "likely" };
  }
  const managers = [...new Set(fields.map((each) => each.manager).filter(Boolean))];
  if (managers.length > 0) return { name: managers.join(", "), known: "manager" };
  return { name: "Somebody", known: "nobody" };
}

/** The user that logged in, and as whom it acted. */
export function personOf(who: Readonly<Schema<"Person">>): string {
  const acted = toldOf(who, "impersonated");
  return acted === "" ? who.user : `${who.user} as ${acted}`;
}

/** Something else that the audit log said: `agent`, `address`, `groups`. */
export function toldOf(who: Readonly<Schema<"Person">>, name: string): string {
  return text((who as Record<string, unknown>)[name]);
}

/** "argocd/shop" as its two parts. */
export function namedOf(application: string): { namespace: string; name: string } {
  const [namespace = "", ...rest] = application.split("/");
  return { namespace, name: rest.join("/") };
}

/** Milliseconds that it took, if it is over. */
export function lengthOf({ time, endedAt = "" }: { time: string; endedAt?: string | undefined }): number | undefined {
  const length = Date.parse(endedAt) - Date.parse(time);
  return Number.isFinite(length) && length >= 0 ? length : undefined;
}

/** What a value says in a line; undefined where there was none. Of Secrets the API tells digests. */
export function valueOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value, null, typeof value === "object" ? 2 : 0);
}

export function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return Array.isArray(value) ? value.map(text).join(", ") : "";
}
