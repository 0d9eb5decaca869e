import "./signin.css";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLocation, useSearch } from "wouter";

import { loginOptionsQuery } from "@/api/queries";
import { to, within } from "@/app/addresses";
import { ErrorState, LinkButton } from "@/parts";

import { finish } from "./oidc";
import { openSession } from "./session";

/** Where the provider sends the browser back to. */
export default function Callback() {
  const search = useSearch();
  const [, go] = useLocation();
  const queries = useQueryClient();
  const done = useQuery({
    queryKey: ["sign-in"],
    queryFn: async () => {
      const { oidc } = await queries.query(loginOptionsQuery);
      if (oidc === null) throw new Error("No identity provider is configured here.");
      const { idToken, next } = await finish(oidc, search);
      await openSession("/api/v1/session", idToken, queries);
      return within(next);
    },
    retry: false,
    staleTime: Infinity,
    gcTime: 0,
  });
  useEffect(() => {
    if (done.data !== undefined) go(done.data, { replace: true });
  }, [done.data, go]);
  return (
    <main className="signin">
      {done.isError ? (
        <div>
          <ErrorState error={done.error} />
          <div className="notice-actions">
            <LinkButton look="strong" href={to.signIn()}>
              Begin anew
            </LinkButton>
          </div>
        </div>
      ) : (
        <p role="status">Signing in…</p>
      )}
    </main>
  );
}
