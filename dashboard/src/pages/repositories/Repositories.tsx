/** The registered repositories, what was last heard of each, and which applications come from it. Credentials are never
    shown: they are kept in Secrets Manager, and this function can put them there and not read them. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link } from "wouter";

import { change, get } from "@/api/client";
import { repositoriesQuery, type Repository } from "@/api/lists";
import { applicationsQuery } from "@/api/queries";
import type { ApplicationSummary, Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { to } from "@/app/addresses";
import { useRights } from "@/app/rights";
import { usePolling } from "@/live/live";
import { Button, Copyable, EmptyState, IconButton, Mark, RelativeTime } from "@/parts";
import { Confirm } from "@/parts/Confirm";
import { type ListColumn, Listing } from "@/parts/Listing";

import { AddRepository } from "./AddRepository";
import { belongsTo } from "./matching";

type Delivery = Schema<"Delivery">;

export default function Repositories() {
  const interval = usePolling(30_000);
  const asked = useQuery({ ...repositoriesQuery, refetchInterval: interval });
  const applications = useQuery(applicationsQuery).data;
  const may = useRights();
  const heard = useQuery({
    queryKey: ["deliveries", "newest"],
    queryFn: ({ signal }) => get<Schema<"Deliveries">>("/api/v1/hooks/deliveries", { limit: 100 }, signal),
    enabled: may("webhooks", "get"),
    refetchInterval: interval,
  }).data?.items;
  const [adding, setAdding] = useState(false);
  const [going, setGoing] = useState<Repository>();
  const removing = useAction({
    act: (url: string) => change("DELETE", "/api/v1/repositories", { query: { url } }),
    said: (_, url) => `${url} is forgotten`,
    old: [repositoriesQuery.queryKey],
    then: () => setGoing(undefined),
    quiet: true,
  });
  const uses = useMemo(
    () => usesOf(asked.data ?? [], applications ?? [], heard ?? []),
    [asked.data, applications, heard],
  );
  const columns: readonly ListColumn<Repository>[] = [
    {
      head: "Repository",
      width: "minmax(9rem, 3fr)",
      cell: (row) => (
        <span className="two">
          <Link className="listing-name" href={to.applications({ q: row.url })} title={row.url}>
            {row.name ?? row.url.replace(/^https?:\/\//, "")}
          </Link>
          {row.name !== undefined && <span className="soft small">{row.url}</span>}
        </span>
      ),
    },
    { head: "Type", width: "3.5rem", cell: (row) => row.type },
    {
      head: "Last heard of",
      width: "minmax(8rem, 1.2fr)",
      wide: true,
      cell: (row) => {
        const last = uses.get(keyOf(row))?.heard;
        if (last === undefined) return <span className="soft">{row.type === "git" ? "no webhook yet" : "—"}</span>;
        return (
          <Link href={to.webhooks({ repository: last.repository })} className="soft">
            {last.refs.join(", ") || last.event} <RelativeTime at={last.at} />
          </Link>
        );
      },
    },
    {
      head: "Webhook",
      width: "7rem",
      wide: true,
      cell: (row) => {
        const last = uses.get(keyOf(row))?.heard;
        if (last === undefined) return <Mark tone="idle" shape="ask" word="Not heard" />;
        return last.outcome === "refused" ? (
          <Mark tone="bad" shape="cross" word="Refused" />
        ) : (
          <Mark tone="good" shape="tick" word="Delivers" />
        );
      },
    },
    {
      head: "Applications",
      width: "5.5rem",
      wide: true,
      end: true,
      cell: (row) => uses.get(keyOf(row))?.applications ?? 0,
    },
    {
      head: "Remove",
      plain: true,
      width: "4rem",
      end: true,
      cell: (row) =>
        may("repositories", "delete") && (
          <IconButton icon="trash" label={`Remove ${row.url}`} onClick={() => setGoing(row)} />
        ),
    },
  ];
  return (
    <>
      <Listing
        title="Repositories"
        asked={asked}
        columns={columns}
        rowKey={keyOf}
        text={(row) => `${row.url} ${row.name ?? ""} ${row.type}`}
        filters={[{ name: "type", label: "Type", of: (row) => [row.type] }]}
        actions={
          may("repositories", "create") && (
            <Button look="strong" icon="plus" onClick={() => setAdding(true)}>
              Add a repository
            </Button>
          )
        }
        empty={
          <EmptyState
            title="No repositories registered"
            icon="branch"
            actions={
              <Copyable text="mooring repo add https://git.example.com/team --username bot --password-file token" />
            }
          >
            <p>
              Public ones need no registration. Private ones do; an address that many begin with serves all of them.
            </p>
          </EmptyState>
        }
      />
      {adding && <AddRepository onClose={() => setAdding(false)} />}
      {going !== undefined && (
        <Confirm
          title="Remove this repository?"
          action="Remove the registration"
          busy={removing.isPending}
          error={removing.error}
          onConfirm={() => removing.mutate(going.url)}
          onClose={() => setGoing(undefined)}
        >
          <Copyable text={going.url} />
          <p>
            Its credentials are forgotten. {uses.get(keyOf(going))?.applications ?? 0} applications come from it; they
            keep what runs, and get nothing new where the repository is private.
          </p>
        </Confirm>
      )}
    </>
  );
}

interface Use {
  applications: number;
  heard: Delivery | undefined;
}

function keyOf(row: Repository): string {
  return `${row.type} ${row.url}`;
}

function usesOf(
  repositories: readonly Repository[],
  applications: readonly ApplicationSummary[],
  deliveries: readonly Delivery[],
): ReadonlyMap<string, Use> {
  return new Map(
    repositories.map((row) => [
      keyOf(row),
      {
        applications: applications.filter(({ repoURL }) => belongsTo(repoURL, row.url)).length,
        heard: deliveries.find(({ repository }) => repository !== "" && belongsTo(repository, row.url)),
      },
    ]),
  );
}
