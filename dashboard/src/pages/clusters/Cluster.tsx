/** One cluster: what is known of it, what runs there, and what an examination finds. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";

import { change, tagOf } from "@/api/client";
import { clusterQuery, clustersQuery } from "@/api/lists";
import { useAction } from "@/app/acting";
import { to } from "@/app/addresses";
import { ApplicationsOf, useApplicationsOf } from "@/app/ApplicationsOf";
import type { PageProps } from "@/app/pages";
import { useRights } from "@/app/rights";
import { useTitle } from "@/app/title";
import { usePolling } from "@/live/live";
import { Button, Copyable, ErrorState, RelativeTime, Skeleton } from "@/parts";
import { Confirm } from "@/parts/Confirm";
import { Callout, Chips, Facts, Sheet, SheetHead } from "@/parts/Sheet";

import { ClusterNow } from "./ClusterNow";
import { lastSync } from "./Clusters";
import { Examination } from "./Examination";
import { modeOf, ReachMark } from "./reach";

export default function ClusterPage({ params }: PageProps) {
  const name = params["name"] ?? "";
  const asked = useQuery({ ...clusterQuery(name), refetchInterval: usePolling(15_000) });
  const may = useRights();
  const [removing, setRemoving] = useState(false);
  const here = useApplicationsOf((row) => row.cluster === name);
  useTitle(name);
  const cluster = asked.data;
  const pairs = (values: Readonly<Record<string, string>> | undefined) =>
    Object.entries(values ?? {}).map(([key, value]) => `${key}=${value}`);
  return (
    <>
      <SheetHead
        back={to.clusters()}
        of="Clusters"
        title={name}
        mark={cluster !== undefined && <ReachMark cluster={cluster} boxed />}
      >
        {cluster !== undefined && may("clusters", "delete") && (
          <Button look="danger" icon="trash" onClick={() => setRemoving(true)}>
            Remove
          </Button>
        )}
      </SheetHead>
      {asked.isPending && <Skeleton height="8rem" />}
      {asked.isError && cluster === undefined && (
        <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />
      )}
      {cluster !== undefined && (
        <div className="sheets" data-halves="">
          {cluster.unreachable !== undefined && (
            <div data-whole="">
              <Callout tone="bad">
                <strong>
                  Out of reach since <RelativeTime at={cluster.unreachable.since} />
                </strong>
                <span>{cluster.unreachable.reason}</span>
                <span className="soft">
                  Nothing is deleted or forgotten; what waits goes on when it answers. Examine it to see what fails.
                </span>
              </Callout>
            </div>
          )}
          <Sheet title="What is known">
            <Facts
              facts={[
                ["Address", cluster.server === "" ? "" : <Copyable key="server" text={cluster.server} />],
                ["Kubernetes", cluster.version],
                ["Default", cluster.default && "what in-cluster means"],
                ["Drift is noticed by", driftWords[modeOf(cluster)]],
                ["Last sync there", <RelativeTime key="last" at={lastSync(here.rows)} />],
                ["Project", cluster.project],
                ["Namespaces", cluster.namespaces && <Chips key="namespaces" values={cluster.namespaces} />],
                ["Requests a second", cluster.limits?.requestsPerSecond],
                ["Requests at once", cluster.limits?.atOnce],
                ["Labels", <Chips key="labels" values={pairs(cluster.labels)} />],
                ["Annotations", <Chips key="annotations" values={pairs(cluster.annotations)} />],
              ]}
            />
            {may("clusters", "update") && (
              <div className="stack">
                <h3>Change it</h3>
                <Copyable text={`mooring cluster set ${name} --label tier=production`} />
                <Copyable text={`mooring cluster set ${name} --drift watch`} />
              </div>
            )}
          </Sheet>
          <ClusterNow name={name} />
          <Examination name={name} />
          <ApplicationsOf
            belongs={(row) => row.cluster === name}
            href={to.applications({ cluster: [name] })}
            none="No application is deployed here, or none that you may see."
          />
        </div>
      )}
      {removing && <Removal name={name} applications={here.rows.length} onClose={() => setRemoving(false)} />}
    </>
  );
}

const driftWords = {
  sweep: "the sweep alone",
  watch: "watching, beside the sweep",
  audit: "the audit log, beside the sweep",
} as const;

function Removal({ name, applications, onClose }: { name: string; applications: number; onClose: () => void }) {
  const [, go] = useLocation();
  const path = `/api/v1/clusters/${encodeURIComponent(name)}`;
  const [match] = useState(() => tagOf(path));
  const removing = useAction({
    act: () => change("DELETE", path, { query: { force: applications > 0 }, match }),
    said: () => `${name} is forgotten`,
    old: [clustersQuery.queryKey],
    stale: [clusterQuery(name).queryKey],
    then: () => go(to.clusters()),
    quiet: true,
  });
  return (
    <Confirm
      title={`Remove ${name}?`}
      action="Remove the cluster"
      word={name}
      busy={removing.isPending}
      error={removing.error}
      onConfirm={() => removing.mutate()}
      onClose={onClose}
    >
      <p>Its registration and its credentials are forgotten. Everything that was applied there stays as it is.</p>
      {applications > 0 && (
        <Callout tone="warn">
          {applications === 1 ? "1 application is" : `${applications} applications are`} deployed there, and could no
          longer be synced.
        </Callout>
      )}
    </Confirm>
  );
}
