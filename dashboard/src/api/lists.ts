/** How what is declared beside applications is asked for. Keys begin as live changes name them. */
import { queryOptions } from "@tanstack/react-query";

import { get, getAll, read } from "./client";
import type { Schema } from "./types";

const part = encodeURIComponent;

export type Cluster = Readonly<Schema<"Cluster">>;
export type ClusterHealth = Readonly<Schema<"ClusterHealth">>;
export type Project = Readonly<Schema<"ShownProject">>;
export type ApplicationSet = Readonly<Schema<"ShownApplicationSet">>;
export type Repository = Readonly<Schema<"Repository">>;
export type Promotion = Readonly<Schema<"ShownPromotion">>;
export type ImageState = Readonly<Schema<"ImageState">>;
export type Token = Readonly<Schema<"Token">>;
export type ConfigMap = Readonly<Schema<"ConfigMap">>;

export const clustersQuery = queryOptions({
  queryKey: ["clusters"],
  queryFn: ({ signal }) => getAll<Cluster>("/api/v1/clusters", {}, signal),
});

export const clusterQuery = (name: string) =>
  queryOptions({
    queryKey: ["cluster", name],
    queryFn: ({ signal }) => get<Cluster>(`/api/v1/clusters/${part(name)}`, {}, signal),
  });

export const projectsQuery = queryOptions({
  queryKey: ["projects"],
  queryFn: ({ signal }) => getAll<Project>("/api/v1/projects", {}, signal),
});

export const projectQuery = (name: string) =>
  queryOptions({
    queryKey: ["project", name],
    queryFn: ({ signal }) => get<Project>(`/api/v1/projects/${part(name)}`, {}, signal),
  });

export const setsQuery = queryOptions({
  queryKey: ["applicationsets"],
  queryFn: ({ signal }) => getAll<ApplicationSet>("/api/v1/applicationsets", {}, signal),
});

export const setQuery = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ["applicationset", namespace, name],
    queryFn: ({ signal }) => get<ApplicationSet>(`/api/v1/applicationsets/${part(name)}`, { namespace }, signal),
  });

/** How a cluster is now: somebody looks at it for this. */
export const clusterHealthQuery = (name: string) =>
  queryOptions({
    queryKey: ["cluster", name, "health"],
    queryFn: ({ signal }) => read<ClusterHealth>(`/api/v1/clusters/${part(name)}/health`, {}, signal),
    staleTime: 60_000,
    retry: false,
  });

export const repositoriesQuery = queryOptions({
  queryKey: ["repositories"],
  queryFn: ({ signal }) => getAll<Repository>("/api/v1/repositories", { view: "facts" }, signal),
});

export const repositoryQuery = (url: string) =>
  queryOptions({
    queryKey: ["repository", url],
    queryFn: ({ signal }) => get<Repository>("/api/v1/repository", { url }, signal),
  });

export const promotionsQuery = queryOptions({
  queryKey: ["promotions"],
  queryFn: ({ signal }) => getAll<Promotion>("/api/v1/promotions", {}, signal),
});

export const promotionQuery = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ["promotion", namespace, name],
    queryFn: ({ signal }) => get<Promotion>(`/api/v1/promotions/${part(name)}`, { namespace }, signal),
  });

export const imagesQuery = queryOptions({
  queryKey: ["images"],
  queryFn: ({ signal }) => getAll<ImageState>("/api/v1/images", {}, signal),
});
