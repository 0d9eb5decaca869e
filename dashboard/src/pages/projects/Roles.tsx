/** Roles of a project, what each may, and the tokens that automation has them by. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { change, getAll } from "@/api/client";
import { type Token, projectQuery } from "@/api/lists";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { useRights } from "@/app/rights";
import { Tokens } from "@/app/Tokens";
import { NewToken, Once } from "@/app/NewToken";
import { Button, ErrorState, Skeleton } from "@/parts";
import { Chips, Sheet } from "@/parts/Sheet";

type Role = Readonly<Record<string, unknown>>;

const texts = (value: unknown) => (Array.isArray(value) ? (value as readonly string[]) : []);

export function Roles({ project, roles }: { project: string; roles: readonly Role[] }) {
  return (
    <Sheet title="Roles" count={roles.length} whole>
      {roles.length === 0 ? (
        <p className="soft">
          None. A role gives people of a group, or a token of automation, rights within this project: add one under{" "}
          <code>spec.roles</code>.
        </p>
      ) : (
        <ul className="projects-roles" role="list">
          {roles.map((role) => (
            <OneRole key={String(role["name"])} project={project} role={role} />
          ))}
        </ul>
      )}
    </Sheet>
  );
}

function OneRole({ project, role }: { project: string; role: Role }) {
  const name = String(role["name"]);
  const path = `/api/v1/projects/${encodeURIComponent(project)}/roles/${encodeURIComponent(name)}/token`;
  const key = [...projectQuery(project).queryKey, "role", name];
  const may = useRights();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Schema<"TokenMade">>();
  const tokens = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => getAll<Token>(path, {}, signal),
  });
  const asking = useAction({
    act: (wanted: { name: string; expiresIn: number }) => change<Schema<"TokenMade">>("POST", path, { body: wanted }),
    said: () => "The token is made",
    old: [key],
    then: (answer) => {
      setMaking(false);
      setMade(answer);
    },
    quiet: true,
  });
  return (
    <li>
      <header>
        <h3>{name}</h3>
        {typeof role["description"] === "string" && <span className="soft">{role["description"]}</span>}
        {may("projects", "update") && (
          <Button icon="plus" onClick={() => setMaking(true)}>
            New token
          </Button>
        )}
      </header>
      <div className="stack">
        {texts(role["policies"]).map((line) => (
          <code key={line}>{line}</code>
        ))}
        {texts(role["groups"]).length > 0 && (
          <span>
            Groups: <Chips values={texts(role["groups"])} />
          </span>
        )}
      </div>
      {tokens.isPending && <Skeleton width="60%" />}
      {tokens.isError && <ErrorState error={tokens.error} onRetry={() => void tokens.refetch()} />}
      {tokens.data !== undefined && (
        <Tokens
          label={`Tokens of ${name}`}
          tokens={tokens.data}
          mayRevoke={() => may("projects", "update")}
          revoke={(token) => change("DELETE", `${path}/${encodeURIComponent(token.id)}`)}
          old={[key]}
          none="No tokens."
        />
      )}
      {making && (
        <NewToken
          title={`New token of ${name}`}
          busy={asking.isPending}
          error={asking.error}
          onMake={({ name: called, expiresIn }) => asking.mutate({ name: called, expiresIn })}
          onClose={() => setMaking(false)}
        />
      )}
      {made !== undefined && <Once made={made} onClose={() => setMade(undefined)} />}
    </li>
  );
}
