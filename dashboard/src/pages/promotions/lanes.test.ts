import { expect, test } from "vitest";

import type { Promotion } from "@/api/lists";

import { lanesOf } from "./lanes";

function promotion(name: string, from: string, to: string | string[]): Promotion {
  return {
    apiVersion: "mooring.dev/v1alpha1",
    kind: "Promotion",
    metadata: { name, namespace: "argocd", generation: 1 },
    spec: { from: { application: from }, to: typeof to === "string" ? { application: to } : { applications: to } },
    status: { phase: "Waiting", message: "" },
  };
}

const told = (promotions: readonly Promotion[]) =>
  lanesOf(promotions).map(({ start, steps }) => [start, ...steps.map((step) => step.to.join("+"))]);

test("what follows each other is one lane, in its order, whatever the order of the list", () => {
  expect(told([promotion("b", "staging", "production"), promotion("a", "dev", "staging")])).toEqual([
    ["argocd/dev", "argocd/staging", "argocd/production"],
  ]);
});

test("a fork is two lanes, several targets are one step, and a circle ends", () => {
  const fork = [promotion("a", "dev", ["eu", "us"]), promotion("b", "eu", "eu-2"), promotion("c", "us", "us-2")];
  expect(told(fork)).toEqual([
    ["argocd/dev", "argocd/eu+argocd/us", "argocd/eu-2"],
    ["argocd/us", "argocd/us-2"],
  ]);
  expect(told([promotion("a", "one", "two"), promotion("b", "two", "one")])).toHaveLength(1);
});
