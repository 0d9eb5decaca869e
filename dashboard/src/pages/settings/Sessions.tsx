/** The sessions that are not over: one's own, and those of others where they may be seen; each can be ended. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { change, get } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { useRights } from "@/app/rights";
import { Button, type Column, ErrorState, RelativeTime, Skeleton, Table } from "@/parts";
import { Confirm } from "@/parts/Confirm";
import { Sheet } from "@/parts/Sheet";

type Listed = Readonly<Schema<"SessionListed">>;

const queryKey = ["sessions"];

export function SessionsSheet() {
  const [shown, setShown] = useState(false);
  const asked = useQuery({
    queryKey,
    enabled: shown,
    queryFn: async ({ signal }) =>
      (await get<Schema<"Sessions">>("/api/v1/sessions", {}, signal)).items as readonly Listed[],
  });
  const session = useQuery(sessionQuery).data;
  const may = useRights();
  const [going, setGoing] = useState<Listed>();
  const ending = useAction<unknown, Listed>({
    act: (one) => change("DELETE", `/api/v1/sessions/${encodeURIComponent(one.id)}`),
    said: () => "The session is ended",
    old: [queryKey],
    then: () => setGoing(undefined),
    quiet: true,
  });
  const columns: readonly Column<Listed>[] = [
    {
      head: "Session",
      cell: (one) => (
        <>
          <strong>{one.name}</strong> {one.current && <span className="soft">this one</span>}
        </>
      ),
    },
    { head: "With", cell: (one) => <span title={one.agent}>{`${one.means}, ${one.agent.slice(0, 60)}`}</span> },
    { head: "From", cell: (one) => <span className="mono">{one.source}</span> },
    { head: "Begun", cell: (one) => <RelativeTime at={one.begunAt} /> },
    { head: "Ends", cell: (one) => <RelativeTime at={one.expiresAt} /> },
    {
      head: "End",
      end: true,
      cell: (one) =>
        !one.current &&
        (one.subject === session?.subject || may("accounts", "update")) && (
          <Button look="danger" onClick={() => setGoing(one)}>
            End<span className="hidden-text"> the session of {one.name}</span>
          </Button>
        ),
    },
  ];
  return (
    <Sheet title="Sessions" whole {...(asked.data === undefined ? {} : { count: asked.data.length })}>
      <p className="soft">
        Who signed in, from where and with what. When somebody was here last is not kept. Does one look strange? End it.
      </p>
      {!shown && (
        <span>
          <Button onClick={() => setShown(true)}>Show sessions</Button>
        </span>
      )}
      {shown && asked.isPending && <Skeleton height="4rem" />}
      {asked.isError && <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data !== undefined &&
        (asked.data.length === 0 ? (
          <p className="soft">Nobody has signed in.</p>
        ) : (
          <Table label="List of sessions" columns={columns} rows={asked.data} rowKey={(one) => one.id} />
        ))}
      {going !== undefined && (
        <Confirm
          title={`End the session of ${going.name}?`}
          action="End the session"
          busy={ending.isPending}
          error={ending.error}
          onConfirm={() => ending.mutate(going)}
          onClose={() => setGoing(undefined)}
        >
          <p>Whoever has it is signed out at once. API tokens stay as they are.</p>
        </Confirm>
      )}
    </Sheet>
  );
}
