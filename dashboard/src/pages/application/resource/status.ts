/** What an object says of itself, in the words of its page. */
import type { Schema } from "@/api/types";

import type { Application } from "../queries";
import type { ObjectRef } from "./address";
import type { LiveResource } from "./queries";

type Json = Readonly<Record<string, unknown>>;

/** The row of an application's own object in its status. */
export function rowOf({ status }: Application, object: ObjectRef): Schema<"ResourceState"> | undefined {
  return status.resources?.find(
    ({ group = "", kind, namespace = "", name }) =>
      kind === object.kind && name === object.name && group === object.group && namespace === object.namespace,
  );
}

export function below(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((at, key) => (isJson(at) ? at[key] : undefined), value);
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function listAt(value: unknown, ...path: readonly string[]): readonly Json[] {
  const found = below(value, ...path);
  return Array.isArray(found) ? found.filter(isJson) : [];
}

export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = below(value, ...path);
  return typeof found === "string"
    ? found
    : typeof found === "number" || typeof found === "boolean"
      ? String(found)
      : "";
}

/** Texts by name, as labels are. */
export function textsAt(value: unknown, ...path: readonly string[]): readonly (readonly [string, string])[] {
  const found = below(value, ...path);
  return isJson(found) ? Object.entries(found).map(([name, each]) => [name, String(each)]) : [];
}

/** The specification of pods: a pod's own, or that of a workload's template. */
function podSpec({ kind, live, desired }: LiveResource): unknown {
  const found = live ?? desired;
  if (kind === "Pod") return below(found, "spec");
  if (kind === "CronJob") return below(found, "spec", "jobTemplate", "spec", "template", "spec");
  return below(found, "spec", "template", "spec");
}

export interface ContainerShown {
  name: string;
  image: string;
  /** "init" or "ephemeral", or empty. */
  sort: string;
  /** "running", "waiting: CrashLoopBackOff" and the like; empty where nothing is known. */
  state: string;
  ready: boolean | undefined;
  restarts: number;
}

/** Containers of a pod, or of the pods that a workload makes. */
export function containersOf(resource: LiveResource): readonly ContainerShown[] {
  const spec = podSpec(resource);
  const sorts = [
    ["initContainers", "initContainerStatuses", "init"],
    ["containers", "containerStatuses", ""],
    ["ephemeralContainers", "ephemeralContainerStatuses", "ephemeral"],
  ] as const;
  return sorts.flatMap(([where, statuses, sort]) =>
    listAt(spec, where).map((container) => {
      const name = textAt(container, "name");
      const known = listAt(resource.live, "status", statuses).find((each) => each["name"] === name);
      return {
        name,
        image: textAt(container, "image"),
        sort,
        state: stateOf(known),
        ready: typeof known?.["ready"] === "boolean" ? known["ready"] : undefined,
        restarts: Number(textAt(known, "restartCount") || 0),
      };
    }),
  );
}

function stateOf(status: Json | undefined): string {
  const state = below(status, "state");
  if (!isJson(state)) return "";
  const [name] = Object.keys(state);
  if (name === undefined) return "";
  const why = textAt(state, name, "reason");
  return why === "" ? name : `${name}: ${why}`;
}

/** Rules of the application by which fields of this object are no difference, in words. */
export function ignoredOf({ spec }: Application, object: ObjectRef): readonly string[] {
  return listAt(spec, "ignoreDifferences")
    .filter(
      (rule) =>
        fits(textAt(rule, "group"), object.group) &&
        fits(textAt(rule, "kind"), object.kind) &&
        (textAt(rule, "name") === "" || textAt(rule, "name") === object.name) &&
        (textAt(rule, "namespace") === "" || textAt(rule, "namespace") === object.namespace),
    )
    .flatMap((rule) => [
      ...textList(rule["jsonPointers"]),
      ...textList(rule["jqPathExpressions"]),
      ...textList(rule["managedFieldsManagers"]).map((manager) => `whatever ${manager} sets`),
    ]);
}

/** Argo CD takes `*` for any group and kind. */
function fits(pattern: string, value: string): boolean {
  if (!pattern.includes("*")) return pattern === value;
  const [before = "", ...rest] = pattern.split("*");
  return value.startsWith(before) && value.endsWith(rest.at(-1) ?? "");
}

function textList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

/** How to name it to kubectl: `deployment.apps/web`. Names of roles may hold anything, and a shell must run none of it. */
export function kubectlName({ group, kind, name }: ObjectRef): string {
  const told = `${kind.toLowerCase()}${group === "" ? "" : `.${group}`}/${name}`;
  return /^[\w.:/@-]+$/.test(told) ? told : `'${told.replaceAll("'", String.raw`'\''`)}'`;
}
