/** The applications of something: of a cluster, of a project, of a set. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { applicationsQuery } from "@/api/queries";
import type { ApplicationSummary } from "@/api/types";
import { to } from "@/app/addresses";
import { usePolling } from "@/live/live";
import { ErrorState, HealthMark, healthOrder, LinkButton, Sign, healthLook, SyncMark } from "@/parts";
import { type ListColumn, RowBones, Rows } from "@/parts/Listing";
import { Sheet } from "@/parts/Sheet";

const columns: readonly ListColumn<ApplicationSummary>[] = [
  {
    head: "Application",
    width: "minmax(9rem, 2fr)",
    cell: (row) => (
      <Link className="listing-name" href={to.application(row.namespace, row.name)}>
        {row.name}
      </Link>
    ),
  },
  { head: "Health", width: "7.5rem", cell: (row) => <HealthMark value={row.health} /> },
  { head: "Sync", width: "7rem", wide: true, cell: (row) => <SyncMark value={row.sync} /> },
  {
    head: "Revision",
    width: "minmax(5rem, 0.7fr)",
    wide: true,
    cell: (row) => <span className="mono">{row.revision.slice(0, 8)}</span>,
  },
];

const none: readonly ApplicationSummary[] = [];

export function useApplicationsOf(belongs: (row: ApplicationSummary) => boolean) {
  const { data = none, ...asked } = useQuery({ ...applicationsQuery, refetchInterval: usePolling() });
  return { ...asked, rows: data.filter(belongs) };
}

interface Props {
  belongs: (row: ApplicationSummary) => boolean;
  /** All of them in the list of applications. */
  href: string;
  none: string;
}

export function ApplicationsOf({ belongs, href, none }: Props) {
  const { rows, isPending, isError, error, refetch } = useApplicationsOf(belongs);
  const worst = [...rows].sort(
    (one, other) => rank(one.health) - rank(other.health) || one.name.localeCompare(other.name),
  );
  return (
    <Sheet
      title="Applications"
      count={rows.length}
      whole
      actions={
        <>
          <HealthCounts rows={rows} />
          {rows.length > 0 && <LinkButton href={href}>Show in the list</LinkButton>}
        </>
      }
    >
      {isPending && <RowBones />}
      {isError && rows.length === 0 && <ErrorState error={error} onRetry={() => void refetch()} />}
      {!isPending && !isError && rows.length === 0 && <p className="soft">{none}</p>}
      {rows.length > 0 && (
        <Rows label="Applications" rows={worst} columns={columns} rowKey={(row) => `${row.namespace}/${row.name}`} />
      )}
    </Sheet>
  );
}

/** How many are how well, the worst first. */
export function HealthCounts({ rows }: { rows: readonly ApplicationSummary[] }) {
  const counts = healthOrder
    .map((health) => [health, rows.filter((row) => row.health === health).length] as const)
    .filter(([, count]) => count > 0);
  return (
    <span className="chips">
      {counts.map(([health, count]) => (
        <span key={health} className="mark" data-tone={healthLook(health).tone} title={`${count} ${health}`}>
          <Sign shape={healthLook(health).shape} />
          {count}
          <span className="hidden-text"> {health}</span>
        </span>
      ))}
    </span>
  );
}

function rank(health: string): number {
  const place = (healthOrder as readonly string[]).indexOf(health);
  return place < 0 ? healthOrder.length : place;
}
