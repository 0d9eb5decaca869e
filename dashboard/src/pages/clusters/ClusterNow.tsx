/** What the cluster says at this moment. Sweeps that find nothing leave no word of it, so somebody looks when this opens. */
import { useQuery } from "@tanstack/react-query";

import { type ClusterHealth, clusterHealthQuery } from "@/api/lists";
import { Button, Copyable, ErrorState, Mark, RelativeTime, Skeleton } from "@/parts";
import { Callout, Facts, Sheet } from "@/parts/Sheet";

type State = ClusterHealth["state"];

const words: Readonly<Record<State, string>> = {
  answers: "Answers",
  refused: "Refuses our login",
  unreachable: "Does not answer",
  unusable: "Can't be used as registered",
};

export function ClusterNow({ name }: { name: string }) {
  const asked = useQuery(clusterHealthQuery(name));
  const found = asked.data;
  const well = found?.state === "answers";
  return (
    <Sheet
      title="Now"
      actions={
        <Button icon="refresh" busy={asked.isFetching} onClick={() => void asked.refetch()}>
          Look again
        </Button>
      }
    >
      {asked.isPending && <Skeleton height="8rem" />}
      {asked.isError && <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />}
      {found !== undefined && !asked.isError && (
        <>
          <div role="status">
            <Mark tone={well ? "good" : "bad"} shape={well ? "tick" : "cross"} word={words[found.state]} />
          </div>
          {found.message !== "" && (
            <Callout tone="bad">
              <strong>{found.message}</strong>
              <span>{found.next}</span>
            </Callout>
          )}
          <Facts
            facts={[
              ["Looked at", <RelativeTime key="at" at={found.at} />],
              ["Answered within", well && `${found.milliseconds} ms`],
              ["Kubernetes", found.version],
              ["Known there as", found.user],
              ["Nodes", well && counted(found.nodes)],
              ["Namespaces", well && counted(found.namespaces)],
              ["Breaker", <Breaker key="breaker" breaker={found.breaker} />],
              ["Watched", found.drift.watched !== undefined && (found.drift.watched ? "yes, now" : "nobody is there")],
              ["Last change there", found.lastChange !== null && <RelativeTime key="change" at={found.lastChange} />],
            ]}
          />
        </>
      )}
      <Copyable text={`mooring cluster get ${name} --look`} />
    </Sheet>
  );
}

function counted(number: number | null): string {
  return number === null ? "may not be listed by us" : number.toLocaleString();
}

function Breaker({ breaker }: { breaker: ClusterHealth["breaker"] }) {
  if (!breaker.open) return <>closed: it is asked whenever there is something to do</>;
  return (
    <>
      open since <RelativeTime at={breaker.since} />: {breaker.reason}; tried again{" "}
      <RelativeTime at={breaker.retryAt} />
    </>
  );
}
