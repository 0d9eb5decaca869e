/** API tokens: the caller's, and those of others where they may be seen. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { change, getAll } from "@/api/client";
import type { Token } from "@/api/lists";
import { sessionQuery } from "@/api/queries";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { NewToken, Once, type Wanted } from "@/app/NewToken";
import { useRights } from "@/app/rights";
import { Tokens } from "@/app/Tokens";
import { Button, Copyable, ErrorState, Skeleton } from "@/parts";
import { Sheet } from "@/parts/Sheet";

const queryKey = ["tokens"];

export function TokensPart() {
  const asked = useQuery({
    queryKey,
    queryFn: ({ signal }) => getAll<Token>("/api/v1/tokens", {}, signal),
  });
  const session = useQuery(sessionQuery).data;
  const may = useRights();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Schema<"TokenMade">>();
  const asking = useAction({
    act: ({ name, expiresIn, role, scope }: Wanted) => {
      const wanted: Schema<"TokenWanted"> = { name, expiresIn };
      if (role !== "") wanted.role = role;
      if (scope.length > 0) wanted.scope = scope;
      return change<Schema<"TokenMade">>("POST", "/api/v1/tokens", { body: wanted });
    },
    said: () => "The token is made",
    old: [queryKey],
    then: (answer) => {
      setMaking(false);
      setMade(answer);
    },
    quiet: true,
  });
  const mine = (token: Token) => token.subject === session?.subject && session.means !== "token";
  return (
    <Sheet
      title="API tokens"
      {...(asked.data === undefined ? {} : { count: asked.data.length })}
      actions={
        session?.means !== "token" &&
        session?.means !== "project-token" && (
          <Button look="strong" icon="plus" onClick={() => setMaking(true)}>
            New token
          </Button>
        )
      }
    >
      <p className="soft">
        For automation. A token never may more than who made it, and ends by itself. It is shown once.
      </p>
      {asked.isPending && <Skeleton height="4rem" />}
      {asked.isError && <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data !== undefined && (
        <Tokens
          label="List of API tokens"
          tokens={asked.data}
          mayRevoke={(token) => !token.subject.startsWith("proj:") && (mine(token) || may("accounts", "update"))}
          revoke={(token) => change("DELETE", `/api/v1/tokens/${encodeURIComponent(token.id)}`)}
          old={[queryKey]}
          none="No tokens yet."
        />
      )}
      <Copyable text='mooring account create-token nightly --scope "applications, sync, shop/*" --expires-in 30d' />
      {making && (
        <NewToken
          title="New API token"
          narrowed
          busy={asking.isPending}
          error={asking.error}
          onMake={(wanted) => asking.mutate(wanted)}
          onClose={() => setMaking(false)}
        />
      )}
      {made !== undefined && <Once made={made} onClose={() => setMade(undefined)} />}
    </Sheet>
  );
}
