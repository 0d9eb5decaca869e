/** What happened to an application: its operations, and the changes beside git; both in pages, newest first. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { get } from "@/api/client";
import type { Schema } from "@/api/types";
import type { Drift, Row } from "@/record/said";

import { keyOf, type Named, pathOf } from "./queries";

const perPage = 50;

export const operationsQuery = (named: Named) =>
  infiniteQueryOptions({
    queryKey: keyOf(named, "operations"),
    queryFn: ({ pageParam, signal }) => {
      const query = { namespace: named.namespace, limit: perPage, continue: pageParam };
      return get<Schema<"Records">>(pathOf(named, "/operations"), query, signal);
    },
    initialPageParam: "",
    getNextPageParam: ({ metadata }) => metadata.continue ?? null,
  });

export const operationQuery = (named: Named, id: string) =>
  queryOptions({
    queryKey: keyOf(named, "operation", id),
    queryFn: ({ signal }) => get<Row>(pathOf(named, `/operations/${id}`), { namespace: named.namespace }, signal),
  });

export const driftsQuery = (named: Named) =>
  infiniteQueryOptions({
    queryKey: keyOf(named, "drifts"),
    queryFn: ({ pageParam, signal }) => {
      const query = { app: `${named.namespace}/${named.name}`, limit: perPage, continue: pageParam };
      return get<Schema<"Drifts">>("/api/v1/drifts", query, signal);
    },
    initialPageParam: "",
    getNextPageParam: ({ metadata }) => metadata.continue ?? null,
  });

export const driftQuery = (named: Named, id: string) =>
  queryOptions({
    queryKey: keyOf(named, "drift", id),
    queryFn: ({ signal }) => get<Drift>(`/api/v1/drifts/${id}`, {}, signal),
  });
