import "./signin.css";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLocation, useSearch } from "wouter";

import { to, within } from "@/app/addresses";
import { ErrorState, LinkButton } from "@/parts";

import { arriveFromProvider, takeNext } from "./way";

/** Where the provider sends the browser back to. */
export default function Callback() {
  const search = useSearch();
  const [, go] = useLocation();
  const queries = useQueryClient();
  const done = useQuery({
    queryKey: ["sign-in"],
    queryFn: async () => {
      await arriveFromProvider(search, queries);
      return within(takeNext());
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
