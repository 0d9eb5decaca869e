/** How people are told, and what could not be told. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { change, getWhole } from "@/api/client";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { to } from "@/app/addresses";
import { useRights } from "@/app/rights";
import { usePolling } from "@/live/live";
import { Button, type Column, ErrorState, RelativeTime, Skeleton, Table } from "@/parts";
import { Sheet } from "@/parts/Sheet";

import { DocumentSheet } from "./Documents";

type Note = Schema<"Notification">;

const queryKey = ["notes", "failed"];

export function NotificationsPart() {
  const asked = useQuery({
    queryKey,
    queryFn: ({ signal }) => getWhole<Schema<"Notifications">>("/api/v1/notifications", { failed: true }, signal),
    refetchInterval: usePolling(15_000),
  });
  const may = useRights();
  const again = useAction<unknown, Note>({
    act: ({ of, id }) => change("POST", "/api/v1/notifications/retry", { body: { of, id } }),
    said: () => "It is tried again",
    old: [queryKey],
  });
  const columns: readonly Column<Note>[] = [
    { head: "What", cell: (note) => note.title || note.trigger },
    { head: "About", cell: (note) => <About of={note.of} /> },
    { head: "To", cell: (note) => `${note.service} ${note.recipient}` },
    { head: "Error", cell: (note) => note.error },
    { head: "Tries", end: true, cell: (note) => note.attempts },
    { head: "At", cell: (note) => <RelativeTime at={note.at} /> },
    {
      head: "Again",
      end: true,
      cell: (note) =>
        may("notifications", "update") && (
          <Button icon="refresh" busy={again.isPending} onClick={() => again.mutate(note)}>
            Try again<span className="hidden-text"> {note.title}</span>
          </Button>
        ),
    },
  ];
  return (
    <div className="sheets">
      <Sheet title="Given up" {...(asked.data === undefined ? {} : { count: asked.data.items.length })}>
        {/* As high as what is nearly always said here. */}
        {asked.isPending && <Skeleton height="1.25rem" />}
        {asked.isError && <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />}
        {asked.data?.items.length === 0 && <p className="soft">Everything that was to be told was told.</p>}
        {asked.data !== undefined && asked.data.items.length > 0 && (
          <Table
            label="Notes that were given up"
            columns={columns}
            rows={asked.data.items}
            rowKey={(note) => `${note.of} ${note.id}`}
          />
        )}
      </Sheet>
      <DocumentSheet
        title="argocd-notifications-cm"
        path="/api/v1/notifications/settings"
        resource="notifications"
        command="mooring notifications apply -f argocd-notifications-cm.yaml"
        about="Services, templates and triggers, as Argo CD Notifications has them. Secrets are in it by name only."
        empty="Nobody is told anything yet."
      />
    </div>
  );
}

function About({ of }: { of: string }) {
  const [namespace, name] = of.split("/");
  if (namespace === undefined || name === undefined) return <>{of}</>;
  return <Link href={to.application(namespace, name)}>{name}</Link>;
}
