import "./signin.css";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import { useLocation, useSearchParams } from "wouter";

import { loginOptionsQuery } from "@/api/queries";
import { noteSession } from "@/api/signedin";
import { within } from "@/app/addresses";
import { Button, Copyable, ErrorState, Icon, Skeleton } from "@/parts";

import { arriveWithToken, leaveForProvider } from "./way";

/** The ways in, as the API offers them. */
export default function SignIn() {
  const options = useQuery(loginOptionsQuery);
  const [search] = useSearchParams();
  const next = within(search.get("next"));
  useEffect(() => noteSession(null), []); // whoever is led here is not signed in, or no longer
  return (
    <main className="signin">
      <div className="signin-card card">
        <h1>
          <Icon name="anchor" size={22} />
          Mooring
        </h1>
        {options.isPending && <Skeleton height="var(--control)" />}
        {options.isError && <ErrorState error={options.error} onRetry={() => void options.refetch()} />}
        {options.data?.oidc && <WithProvider issuer={options.data.oidc.issuer} next={next} />}
        {options.data?.token === true && <WithToken next={next} />}
        {options.data?.oidc === null && !options.data.token && (
          <p className="soft">
            No identity provider is configured, so browsers have no way in. Set the parameters <code>OidcIssuer</code>{" "}
            and <code>OidcClientId</code> of the stack; until then the command line works with the API&apos;s token.
          </p>
        )}
      </div>
    </main>
  );
}

function WithProvider({ issuer, next }: { issuer: string; next: string }) {
  return (
    <Button look="strong" onClick={() => leaveForProvider(next)}>
      Continue with {hostOf(issuer)}
    </Button>
  );
}

function hostOf(issuer: string): string {
  return URL.canParse(issuer) ? new URL(issuer).host : issuer;
}

function WithToken({ next }: { next: string }) {
  const [token, setToken] = useState("");
  const [, go] = useLocation();
  const queries = useQueryClient();
  const wrong = useId();
  const opening = useMutation({
    mutationFn: () => arriveWithToken(token.trim(), queries),
    onSuccess: () => go(next, { replace: true }),
  });
  return (
    <form
      className="signin-form"
      onSubmit={(event) => {
        event.preventDefault();
        opening.mutate();
      }}
    >
      <label className="field">
        Token of this stack
        <input
          className="input"
          type="password"
          autoComplete="current-password"
          required
          value={token}
          aria-invalid={opening.isError}
          aria-describedby={wrong}
          onChange={(event) => setToken(event.target.value)}
        />
      </label>
      <p className="field-wrong" id={wrong} role="alert">
        {opening.isError && opening.error.message}
      </p>
      <Button look="strong" type="submit" busy={opening.isPending}>
        Sign in
      </Button>
      <div className="signin-hint soft">
        <span>The stack wrote it to a file:</span>
        <Copyable text="jq -r .mooring.token .local/stack.json" />
      </div>
    </form>
  );
}
