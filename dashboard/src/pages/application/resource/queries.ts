/** What is asked about one object. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { get } from "@/api/client";
import type { Schema } from "@/api/types";

import { keyOf, type Named, pathOf } from "../queries";
import { type ObjectRef, refQuery, writeRef } from "./address";

export type LiveResource = Readonly<Schema<"LiveResource">>;
export type Events = Readonly<Schema<"Events">>;
export type Offers = Readonly<Schema<"Offers">>;
export type ManagedResources = Readonly<Schema<"ManagedResources">>;

const queryOf = ({ namespace }: Named, object?: ObjectRef) => ({
  namespace,
  ...(object === undefined ? {} : refQuery(object)),
});

/** The object as it is and as git wants it, what differs, and who set which field. */
export const resourceQuery = (named: Named, object: ObjectRef) =>
  queryOptions({
    queryKey: keyOf(named, "resource", writeRef(object)),
    queryFn: ({ signal }) => get<LiveResource>(pathOf(named, "/resource"), queryOf(named, object), signal),
  });

/** Events of an object, or of the application. */
export const eventsQuery = (named: Named, object?: ObjectRef) =>
  queryOptions({
    queryKey: keyOf(named, "events", object === undefined ? "" : writeRef(object)),
    queryFn: ({ signal }) => get<Events>(pathOf(named, "/events"), { ...queryOf(named, object), limit: 500 }, signal),
  });

/**
 * The actions of an object, and which of them make sense at this version of it. They are asked for when it changes, not
 * with all that is asked about the application: an object that was just deleted would be asked what can be done with it.
 */
export const actionsQuery = (named: Named, object: ObjectRef, version: string) =>
  queryOptions({
    queryKey: ["offers", named.namespace, named.name, writeRef(object), version],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => get<Offers>(pathOf(named, "/resource/actions"), queryOf(named, object), signal),
  });

/** The differences of all objects that differ: the API server tries each, so it is not asked every few seconds. */
export const managedQuery = (named: Named) =>
  queryOptions({
    queryKey: keyOf(named, "managed"),
    queryFn: ({ signal }) => get<ManagedResources>(pathOf(named, "/managed-resources"), queryOf(named), signal),
    staleTime: 30_000,
  });
