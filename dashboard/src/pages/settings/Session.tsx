/** Who is signed in, what they may, and the ways out. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { useLocation } from "wouter";

import { change, forget } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import { useAction } from "@/app/acting";
import { to } from "@/app/addresses";
import { useRights } from "@/app/rights";
import { Button, Copyable, exactly } from "@/parts";
import { Confirm } from "@/parts/Confirm";
import { Chips, Facts, Sheet } from "@/parts/Sheet";

import { SessionsSheet } from "./Sessions";

const means = {
  administrator: "the API's token",
  session: "a session",
  token: "an API token",
  "project-token": "a token of a project's role",
} as const;

export function SessionPart() {
  const session = useQuery(sessionQuery).data;
  const may = useRights();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [ending, setEnding] = useState(false);
  const out = () => {
    forget();
    queries.clear();
    go(to.signIn());
  };
  const leaving = useAction({
    act: () => change("DELETE", "/api/v1/session"),
    said: () => "You are signed out",
    old: [],
    then: out,
  });
  const endingAll = useAction({
    act: () => change("DELETE", "/api/v1/sessions"),
    said: () => "All sessions are ended",
    old: [],
    then: out,
    quiet: true,
  });
  if (session === undefined) return null;
  return (
    <div className="sheets" data-halves="">
      <Sheet
        title="Who you are"
        actions={
          <Button icon="signout" busy={leaving.isPending} onClick={() => leaving.mutate()}>
            Sign out
          </Button>
        }
      >
        <Facts
          facts={[
            ["Name", session.name],
            ["Subject", <code key="subject">{session.subject}</code>],
            ["Groups", <Chips key="groups" values={session.groups} />],
            ["Here by", means[session.means]],
            ["Until", session.expiresAt !== null && <time key="until">{exactly(Date.parse(session.expiresAt))}</time>],
          ]}
        />
        <Copyable text="mooring account whoami" />
      </Sheet>
      <Sheet title="What you may">
        <p className="soft">
          On something of each kind, at least. Which of them it is, the policy says: <code>mooring account can-i</code>.
        </p>
        <dl className="settings-rights">
          {Object.entries(session.can).map(([resource, actions]) => (
            <Fragment key={resource}>
              <dt>{resource}</dt>
              <dd>
                <Chips values={actions} />
              </dd>
            </Fragment>
          ))}
        </dl>
      </Sheet>
      <SessionsSheet />
      {may("access", "update") && (
        <Sheet title="Everybody's sessions" whole>
          <p className="soft">Ends the sessions of everybody who signed in, yours too. API tokens stay as they are.</p>
          <span>
            <Button look="danger" icon="signout" onClick={() => setEnding(true)}>
              End all sessions
            </Button>
          </span>
        </Sheet>
      )}
      {ending && (
        <Confirm
          title="End all sessions?"
          action="End them"
          busy={endingAll.isPending}
          error={endingAll.error}
          onConfirm={() => endingAll.mutate()}
          onClose={() => setEnding(false)}
        >
          <p>Everybody, you too, has to sign in again.</p>
        </Confirm>
      )}
    </div>
  );
}
