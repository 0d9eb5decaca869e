/** What is asked about one application. All keys begin with `["application", namespace, name]`, so that a change that is
    told makes all of it old. */
import { queryOptions } from "@tanstack/react-query";

import { get } from "@/api/client";
import type { Schema } from "@/api/types";

/** The document with its status, as `GET /api/v1/applications/{name}` answers. */
export type Application = Readonly<Schema<"ShownApplication">>;
export type ResourceTree = Readonly<Schema<"ResourceTree">>;
export type TreeNode = Readonly<Schema<"TreeNode">>;

/** Which application: where it is declared, and what it is called. */
export interface Named {
  namespace: string;
  name: string;
}

/** The address of an application in the API; `rest` as "/sync". Its query is `{ namespace }`. */
export function pathOf({ name }: Named, rest = ""): string {
  return `/api/v1/applications/${encodeURIComponent(name)}${rest}`;
}

export function keyOf({ namespace, name }: Named, ...rest: string[]): readonly string[] {
  return ["application", namespace, name, ...rest];
}

export const applicationQuery = (named: Named) =>
  queryOptions({
    queryKey: keyOf(named),
    queryFn: ({ signal }) => get<Application>(pathOf(named), { namespace: named.namespace }, signal),
  });

/** The live tree: a look into the cluster each time. */
export const treeQuery = (named: Named) =>
  queryOptions({
    queryKey: keyOf(named, "tree"),
    queryFn: ({ signal }) => get<ResourceTree>(pathOf(named, "/resource-tree"), { namespace: named.namespace }, signal),
  });
