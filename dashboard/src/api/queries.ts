/** Names of what is cached, and how it is asked for. Live changes name things by the first parts of these keys:
    `["applications"]` for lists, `["application", namespace, name, …]` for whatever belongs to one. */
import { queryOptions } from "@tanstack/react-query";

import { get, getAll, setProof } from "./client";
import { noteSession } from "./signedin";
import type { ApplicationSummary, LoginOptions, Session } from "./types";

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }) => {
    const session = await get<Session>("/api/v1/session", {}, signal);
    setProof(session.csrfToken ?? "");
    noteSession(session.expiresAt);
    return session;
  },
  staleTime: 5 * 60_000,
  retry: false,
});

export const loginOptionsQuery = queryOptions({
  queryKey: ["login-options"],
  queryFn: ({ signal }) => get<LoginOptions>("/api/v1/login/options", {}, signal),
  staleTime: Infinity,
});

export const applicationsQuery = queryOptions({
  queryKey: ["applications"],
  queryFn: ({ signal }) => getAll<ApplicationSummary>("/api/v1/applications", { view: "summary" }, signal),
});
