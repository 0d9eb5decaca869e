/** The two ways in. The API talks to the identity provider itself (code flow with PKCE) and keeps what it must remember
    in a cookie that no script reads; a page only goes there, and hands over what it came back with. */
import type { QueryClient } from "@tanstack/react-query";

import { change, forget } from "@/api/client";
import { readError } from "@/api/errors";

const stored = "mooring.next";

/** Leaves for the provider; `next` is where to go afterwards. */
export function leaveForProvider(next: string): void {
  sessionStorage.setItem(stored, next);
  location.assign("/api/v1/login");
}

/** Where somebody wanted to go before they were sent to the provider; told once. */
export function takeNext(): string | null {
  const next = sessionStorage.getItem(stored);
  sessionStorage.removeItem(stored);
  return next;
}

/** Begins a session with what the provider sent the browser back with. Raises `ApiError`, or an `Error` that says why. */
export async function arriveFromProvider(search: string, queries: QueryClient): Promise<void> {
  const told = new URLSearchParams(search);
  const refused = told.get("error");
  if (refused !== null) throw new Error(told.get("error_description") ?? `The identity provider answered ${refused}.`);
  forget();
  const { idToken } = await change<{ idToken: string }>("POST", "/api/v1/login/exchange", {
    body: { code: told.get("code") ?? "", state: told.get("state") ?? "" },
  });
  const answer = await fetch("/api/v1/session", {
    method: "POST",
    headers: { authorization: `Bearer ${idToken}`, "content-type": "application/json" },
    body: "{}",
    credentials: "same-origin",
  });
  if (!answer.ok) throw await readError(answer);
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== "sign-in" });
}

/** Begins a session with a token that somebody typed, which a stack on one machine allows. Raises `ApiError`. */
export async function arriveWithToken(token: string, queries: QueryClient): Promise<void> {
  forget();
  await change("POST", "/api/v1/login/token", { body: { token } });
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== "sign-in" });
}
