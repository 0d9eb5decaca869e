/** The registered repositories: what renders have seen of each, whether its webhook was heard, and what fails. Credentials
    are never shown: they are kept in Secrets Manager, and this function can put them there and not read them. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { repositoriesQuery, type Repository } from "@/api/lists";
import { to } from "@/app/addresses";
import { useRights } from "@/app/rights";
import { usePolling } from "@/live/live";
import { Button, Copyable, EmptyState, IconButton, Mark, RelativeTime } from "@/parts";
import { type ListColumn, Listing } from "@/parts/Listing";

import { AddRepository } from "./AddRepository";
import { newestOf } from "./newest";
import { Removal } from "./Removal";
import { WebhookMark } from "./WebhookMark";

export default function Repositories() {
  const asked = useQuery({ ...repositoriesQuery, refetchInterval: usePolling(60_000) });
  const may = useRights();
  const [adding, setAdding] = useState(false);
  const [going, setGoing] = useState<Repository>();
  const columns: readonly ListColumn<Repository>[] = [
    {
      head: "Repository",
      width: "minmax(9rem, 3fr)",
      cell: (row) => (
        <span className="two">
          <Link className="listing-name" href={to.repository(row.url)} title={row.url}>
            {row.name ?? row.url.replace(/^https?:\/\//, "")}
          </Link>
          {row.name !== undefined && <span className="soft small">{row.url}</span>}
        </span>
      ),
    },
    { head: "Type", width: "3.5rem", wide: true, cell: (row) => row.type },
    {
      head: "Newest commit",
      width: "minmax(8rem, 1.2fr)",
      wide: true,
      cell: (row) => {
        const newest = newestOf(row);
        if (newest === undefined) return <span className="soft">none seen yet</span>;
        return (
          <span className="two">
            <span>
              {newest.target} <span className="mono">{newest.revision.slice(0, 8)}</span>
            </span>
            <span className="soft small">
              <RelativeTime at={newest.at} />
            </span>
          </span>
        );
      },
    },
    { head: "Webhook", width: "7rem", wide: true, cell: (row) => <WebhookMark repository={row} /> },
    {
      head: "Trouble",
      width: "6rem",
      cell: (row) =>
        (row.troubles ?? []).length === 0 ? (
          <span className="soft">none</span>
        ) : (
          <Mark tone="bad" shape="cross" word={`${row.troubles?.length ?? 0} fail`} />
        ),
    },
    { head: "Applications", width: "5.5rem", wide: true, end: true, cell: (row) => row.applications ?? 0 },
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
        filters={[
          { name: "type", label: "Type", of: (row) => [row.type] },
          { name: "trouble", label: "Trouble", of: (row) => [(row.troubles ?? []).length === 0 ? "None" : "Some"] },
        ]}
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
      {going !== undefined && <Removal repository={going} onClose={() => setGoing(undefined)} />}
    </>
  );
}

function keyOf(row: Repository): string {
  return `${row.type} ${row.url}`;
}
