/** What the caller may do with this application. The API decides each time; this says it beforehand, with the reason. */
import { queryOptions, useQueries, useQuery } from "@tanstack/react-query";

import { get } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import type { Schema } from "@/api/types";

import type { Application, Named } from "../queries";

const verbs = ["get", "sync", "update", "delete"] as const;

type Verb = (typeof verbs)[number];

/** Why not; undefined where nothing stands against it. */
export type Refusals = Readonly<Record<Verb, string | undefined>>;

const canQuery = (action: Verb, object: string) =>
  queryOptions({
    queryKey: ["can-i", "applications", action, object],
    queryFn: ({ signal }) =>
      get<Schema<"Permission">>("/api/v1/account/can-i", { resource: "applications", action, object }, signal),
    staleTime: 5 * 60_000,
  });

/** PROJECT/NAME, or PROJECT/NAMESPACE/NAME outside of argocd (docs/access.md). */
export function objectOf({ spec }: Pick<Application, "spec">, { namespace, name }: Named): string {
  const project = spec.project ?? "default";
  return namespace === "argocd" ? `${project}/${name}` : `${project}/${namespace}/${name}`;
}

/** As long as nobody knows, nothing is refused here: the API answers whoever is quicker. */
export function useRefusals(application: Application, named: Named): Refusals {
  const session = useQuery(sessionQuery).data;
  const object = objectOf(application, named);
  const might = session?.can["applications"] ?? [];
  // The administrator may everything, and what nobody of this policy may is known already: only the rest is asked for.
  const asked = verbs.map((verb) => session !== undefined && session.means !== "administrator" && might.includes(verb));
  const answers = useQueries({
    queries: verbs.map((verb, at) => ({ ...canQuery(verb, object), enabled: asked[at] === true })),
  });
  const refused = verbs.map((verb, at) => {
    const not =
      session !== undefined && (!might.includes(verb) || (asked[at] === true && answers[at]?.data?.value === "no"));
    return [verb, not ? `You may not: it needs applications, ${verb} on ${object} (argocd-rbac-cm)` : undefined];
  });
  return Object.fromEntries(refused) as Refusals;
}
