import "./signin.css";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useLocation, useSearchParams } from "wouter";

import { loginOptionsQuery } from "@/api/queries";
import type { OidcOption } from "@/api/types";
import { within } from "@/app/addresses";
import { Button, Copyable, ErrorState, Icon, Skeleton } from "@/parts";

import { begin } from "./oidc";
import { openSession } from "./session";

/** The ways in, as the API offers them. */
export default function SignIn() {
  const options = useQuery(loginOptionsQuery);
  const [search] = useSearchParams();
  const next = within(search.get("next"));
  return (
    <main className="signin">
      <div className="signin-card card">
        <h1>
          <Icon name="anchor" size={22} />
          Mooring
        </h1>
        {options.isPending && <Skeleton height="var(--control)" />}
        {options.isError && <ErrorState error={options.error} onRetry={() => void options.refetch()} />}
        {options.data?.oidc && <WithProvider option={options.data.oidc} next={next} />}
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

function WithProvider({ option, next }: { option: OidcOption; next: string }) {
  const leaving = useMutation({
    mutationFn: () => begin(option, next),
    onSuccess: (address) => location.assign(address),
  });
  return (
    <>
      <Button look="strong" busy={leaving.isPending} onClick={() => leaving.mutate()}>
        Continue with {option.name}
      </Button>
      {leaving.isError && <p className="field-wrong">{String(leaving.error)}</p>}
    </>
  );
}

function WithToken({ next }: { next: string }) {
  const [token, setToken] = useState("");
  const [, go] = useLocation();
  const queries = useQueryClient();
  const wrong = useId();
  const opening = useMutation({
    mutationFn: () => openSession("/api/v1/session/local", token.trim(), queries),
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
