/** Operations and changes by hand in one line of time: who did what, why, and what came of it. */
import "./timeline.css";

import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useLocation, useSearchParams } from "wouter";

import { to } from "@/app/addresses";
import { usePolling } from "@/live/live";
import { Button, Chosen, EmptyState, ErrorState, Filter, LinkButton, Skeleton } from "@/parts";
import { dayName, days, type Entry, merge, peopleOf } from "@/record/merging";
import type { Drift } from "@/record/said";

import { driftsQuery, operationsQuery } from "../../pasts";
import type { TabProps } from "../../tabs";
import { EntryRow } from "./EntryRow";
import { Found } from "./Found";
import { counted, fits, kinds, readChoice, writeChoice, type Choice } from "./selecting";

export default function Timeline({ application, named, rest }: TabProps) {
  const [search, setSearch] = useSearchParams();
  const [, go] = useLocation();
  const polling = usePolling();
  const operations = useInfiniteQuery({ ...operationsQuery(named), refetchInterval: polling });
  const drifts = useInfiniteQuery({ ...driftsQuery(named), refetchInterval: polling });
  const choice = useMemo(() => readChoice(search), [search]);
  const { entries, next } = useMemo(
    () =>
      merge(
        { items: operations.data?.pages.flatMap((page) => page.items) ?? [], more: operations.hasNextPage },
        { items: drifts.data?.pages.flatMap((page) => page.items) ?? [], more: drifts.hasNextPage },
      ),
    [operations.data, operations.hasNextPage, drifts.data, drifts.hasNextPage],
  );
  const shown = useMemo(() => entries.filter((each) => fits(each, choice)), [entries, choice]);
  const reverted = useMemo(() => byOperation(entries), [entries]);

  // An address such as /timeline/01J… leads to one entry; here it stands behind the question mark, so that opening
  // another one is no other page.
  const base = to.application(named.namespace, named.name, "timeline");
  useEffect(() => {
    if (rest !== "") go(`${base}?open=${encodeURIComponent(rest)}`, { replace: true });
  }, [rest, base, go]);

  if (operations.data === undefined || drifts.data === undefined) {
    const error = operations.error ?? drifts.error;
    if (error === null) return <Bones />;
    return <ErrorState error={error} onRetry={() => void operations.refetch().then(() => drifts.refetch())} />;
  }
  const show = (change: Partial<Choice>) => setSearch(writeChoice({ ...choice, ...change }), { replace: true });
  const hrefOf = (id: string) => {
    const query = writeChoice({ ...choice, open: choice.open === id ? "" : id }).toString();
    return query === "" ? base : `${base}?${query}`;
  };
  const more = operations.hasNextPage || drifts.hasNextPage;
  const fetchMore = () => {
    if (next.operations) void operations.fetchNextPage();
    if (next.drifts) void drifts.fetchNextPage();
  };
  const waveOf = (key: { group: string; kind: string; namespace: string; name: string }) => {
    const found = application.status.resources?.find(
      (each) => each.kind === key.kind && each.name === key.name && (each.group ?? "") === key.group,
    );
    return found === undefined ? undefined : (found.syncWave ?? 0);
  };
  const isThere = choice.open === "" || shown.some((each) => each.id === choice.open);
  const row = (entry: Entry) => (
    <EntryRow
      key={entry.id}
      entry={entry}
      named={named}
      href={hrefOf(entry.id)}
      open={entry.id === choice.open}
      reverted={reverted.get(entry.id) ?? none}
      linkOf={(id) => `${base}?open=${id}`}
      waveOf={waveOf}
    />
  );
  return (
    <div className="timeline">
      <div className="filterbar">
        <Filter
          name="Kind"
          options={counted(entries, (each) => [kinds.of(each)])}
          chosen={choice.kind}
          onChange={(kind) => show({ kind })}
        />
        <Filter
          name="Person"
          icon="user"
          options={counted(entries, peopleOf)}
          chosen={choice.who}
          onChange={(who) => show({ who })}
        />
        {choice.kind.map((value) => (
          <Chosen
            key={value}
            name="Kind"
            value={value}
            onDrop={() => show({ kind: choice.kind.filter((each) => each !== value) })}
          />
        ))}
        {choice.who.map((value) => (
          <Chosen
            key={value}
            name="Person"
            value={value}
            onDrop={() => show({ who: choice.who.filter((each) => each !== value) })}
          />
        ))}
      </div>
      {!isThere && <Found named={named} id={choice.open} row={row} />}
      {entries.length === 0 && !more && (
        <EmptyState title="Nothing has happened yet" icon="clock">
          <p>Syncs, reverts and changes by hand stand here as soon as there are any.</p>
        </EmptyState>
      )}
      {entries.length > 0 && shown.length === 0 && (
        <EmptyState title="Nothing fits" icon="filter" actions={<LinkButton href={base}>Show everything</LinkButton>}>
          <p>Among the {entries.length} newest entries none has what is filtered by.</p>
        </EmptyState>
      )}
      {days(shown).map(({ day, entries: members }) => (
        <section key={day} className="timeline-day" aria-label={dayName(day)}>
          <h2>{dayName(day)}</h2>
          <ol role="list">{members.map(row)}</ol>
        </section>
      ))}
      {more && (
        <div className="timeline-more">
          <Button busy={operations.isFetchingNextPage || drifts.isFetchingNextPage} onClick={fetchMore}>
            Show more
          </Button>
        </div>
      )}
    </div>
  );
}

const none: readonly Drift[] = [];

/** Changes by hand that were put back, by the operation that did it. */
function byOperation(entries: readonly Entry[]): ReadonlyMap<string, readonly Drift[]> {
  const found = new Map<string, Drift[]>();
  for (const entry of entries) {
    if (entry.kind !== "drift" || entry.drift.operation === "") continue;
    found.set(entry.drift.operation, [...(found.get(entry.drift.operation) ?? []), entry.drift]);
  }
  return found;
}

function Bones() {
  return (
    <div className="timeline" role="status" aria-label="Loading the timeline">
      {[1, 2, 3, 4].map((each) => (
        <Skeleton key={each} height="3.25rem" />
      ))}
    </div>
  );
}
