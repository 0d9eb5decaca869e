/** Promotions as lanes: chains of applications along which changes travel, from the first environment to the last. */
import type { Promotion } from "@/api/lists";

export interface Step {
  promotion: Promotion;
  from: string;
  to: readonly string[];
}

/** One way through environments: each step starts where one before it ends. */
export interface Lane {
  start: string;
  steps: readonly Step[];
}

export function stepOf(promotion: Promotion): Step {
  const spec = promotion.spec;
  const from = part(spec["from"]);
  const target = part(spec["to"]);
  const many = Array.isArray(target["applications"]) ? (target["applications"] as readonly unknown[]) : [];
  const named = [target["application"], ...many].filter((each): each is string => typeof each === "string");
  return {
    promotion,
    from: full(typeof from["application"] === "string" ? from["application"] : "", promotion),
    to: named.map((each) => full(each, promotion)),
  };
}

/** Lanes begin where nothing leads to; a circle begins at its first by name. Every promotion is in one lane. */
export function lanesOf(promotions: readonly Promotion[]): readonly Lane[] {
  const open = promotions.map(stepOf);
  const ends = new Set(open.flatMap((step) => step.to));
  const lanes: Lane[] = [];
  while (open.length > 0) {
    const first = open.find((step) => !ends.has(step.from)) ?? open[0];
    if (first === undefined) break;
    const steps: Step[] = [];
    for (let step: Step | undefined = first; step !== undefined;) {
      steps.push(step);
      open.splice(open.indexOf(step), 1);
      const reached: readonly string[] = step.to;
      step = open.find((other) => reached.includes(other.from));
    }
    lanes.push({ start: first.from, steps });
  }
  return lanes;
}

function full(name: string, promotion: Promotion): string {
  return name.includes("/") ? name : `${promotion.metadata.namespace ?? "argocd"}/${name}`;
}

function part(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
