/** One entry that the address names and that is not among those that are shown: older, or filtered out. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { ErrorState, Skeleton } from "@/parts";
import type { Entry } from "@/record/merging";

import { driftQuery, operationQuery } from "../../pasts";
import type { Named } from "../../queries";

export function Found({ named, id, row }: { named: Named; id: string; row: (entry: Entry) => ReactNode }) {
  const operation = useQuery({ ...operationQuery(named, id), retry: false });
  const drift = useQuery({ ...driftQuery(named, id), enabled: operation.isError, retry: false });
  const entry: Entry | undefined =
    operation.data !== undefined
      ? { kind: "operation", id, at: operation.data.time, row: operation.data }
      : drift.data !== undefined
        ? { kind: "drift", id, at: drift.data.noticedAt, drift: drift.data }
        : undefined;
  if (entry === undefined) {
    return drift.isError ? <ErrorState error={operation.error} /> : <Skeleton height="3.25rem" />;
  }
  return (
    <section className="timeline-day" aria-label="From the address">
      <h2>From the address</h2>
      <ol role="list">{row(entry)}</ol>
    </section>
  );
}
