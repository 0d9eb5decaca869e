/** The registered clusters: whether they can be reached, and how their applications are. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link } from "wouter";

import { type Cluster, clustersQuery } from "@/api/lists";
import { applicationsQuery } from "@/api/queries";
import type { ApplicationSummary } from "@/api/types";
import { to } from "@/app/addresses";
import { HealthCounts } from "@/app/ApplicationsOf";
import { useRights } from "@/app/rights";
import { usePolling } from "@/live/live";
import { Button, Copyable, EmptyState, RelativeTime } from "@/parts";
import { type ListColumn, Listing } from "@/parts/Listing";

import { AddCluster } from "./AddCluster";
import { modeOf, reachOf, ReachMark } from "./reach";

const none: readonly ApplicationSummary[] = [];

export default function Clusters() {
  const interval = usePolling(15_000);
  const asked = useQuery({ ...clustersQuery, refetchInterval: interval });
  const applications = useQuery(applicationsQuery).data ?? none;
  const may = useRights();
  const [adding, setAdding] = useState(false);
  const of = useMemo(() => byCluster(applications), [applications]);
  const columns: readonly ListColumn<Cluster>[] = [
    {
      head: "Cluster",
      width: "minmax(9rem, 2fr)",
      cell: (row) => (
        <span className="two">
          <span>
            <Link className="listing-name" href={to.cluster(row.name)}>
              {row.name}
            </Link>{" "}
            {row.default && <span className="tag">default</span>}
          </span>
          <span className="soft small">{row.server === "" ? "address not known yet" : row.server}</span>
        </span>
      ),
    },
    {
      head: "Reach",
      width: "8rem",
      cell: (row) => (
        <span className="two">
          <ReachMark cluster={row} />
          {row.unreachable !== undefined && (
            <span className="soft small">
              since <RelativeTime at={row.unreachable.since} />
            </span>
          )}
        </span>
      ),
    },
    { head: "Version", width: "6rem", wide: true, cell: (row) => row.version },
    { head: "Drift by", width: "5rem", wide: true, cell: modeOf },
    {
      head: "Last sync",
      width: "6.5rem",
      wide: true,
      cell: (row) => <RelativeTime at={lastSync(of.get(row.name) ?? none)} />,
    },
    {
      head: "Applications",
      width: "minmax(8rem, 1fr)",
      wide: true,
      cell: (row) => {
        const rows = of.get(row.name) ?? none;
        return rows.length === 0 ? <span className="soft">none</span> : <HealthCounts rows={rows} />;
      },
    },
  ];
  return (
    <>
      <Listing
        title="Clusters"
        asked={asked}
        columns={columns}
        rowKey={(row) => row.name}
        text={(row) =>
          [row.name, row.server, row.version, row.project ?? "", ...Object.entries(row.labels ?? {}).flat()].join(" ")
        }
        filters={[
          { name: "reach", label: "Reach", of: (row) => [reachOf(row)] },
          { name: "mode", label: "Drift by", of: (row) => [modeOf(row)] },
          { name: "version", label: "Version", of: (row) => (row.version === "" ? [] : [row.version]) },
        ]}
        actions={
          may("clusters", "create") && (
            <Button look="strong" icon="plus" onClick={() => setAdding(true)}>
              Add a cluster
            </Button>
          )
        }
        empty={
          <EmptyState
            title="No clusters yet"
            icon="cluster"
            actions={
              <>
                <Copyable text="mooring cluster add lab --kubeconfig ~/.kube/config --default" />
                <Copyable text="mooring cluster add shop --eks shop" />
              </>
            }
          >
            <p>Nothing is installed in a cluster: Mooring needs its address, and somebody to be there.</p>
          </EmptyState>
        }
      />
      {adding && <AddCluster onClose={() => setAdding(false)} />}
    </>
  );
}

function byCluster(rows: readonly ApplicationSummary[]): ReadonlyMap<string, readonly ApplicationSummary[]> {
  const found = new Map<string, ApplicationSummary[]>();
  for (const row of rows) {
    const those = found.get(row.cluster);
    if (those === undefined) found.set(row.cluster, [row]);
    else those.push(row);
  }
  return found;
}

export function lastSync(rows: readonly ApplicationSummary[]): string | undefined {
  return rows.reduce<string | undefined>(
    (last, { syncedAt }) => (syncedAt != null && (last === undefined || syncedAt > last) ? syncedAt : last),
    undefined,
  );
}
