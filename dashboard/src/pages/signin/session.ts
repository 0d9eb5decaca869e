import type { QueryClient } from "@tanstack/react-query";

import { forget } from "@/api/client";
import { readError } from "@/api/errors";

/** Opens a session with a bearer token: an id_token of the provider, or a token that somebody typed. Raises `ApiError`. */
export async function openSession(path: string, token: string, queries: QueryClient): Promise<void> {
  forget();
  const answer = await fetch(path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, accept: "application/json" },
    credentials: "same-origin",
  });
  if (!answer.ok) throw await readError(answer);
  queries.clear();
}
