/** The record of actions: what people asked of the API that changes something, whether it was done or refused. */
import "./audit.css";

import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useSearchParams } from "wouter";

import { get } from "@/api/client";
import type { Schema } from "@/api/types";
import { usePolling } from "@/live/live";
import {
  Button,
  Copyable,
  EmptyState,
  ErrorState,
  Mark,
  Menu,
  RelativeTime,
  SearchField,
  Skeleton,
  Table,
} from "@/parts";
import { type Row, text } from "@/record/said";

import { useNarrow } from "../applications/sizes";
import { momentOf, periods } from "../drift/choosing";
import { type Choice, deedOf, readChoice, select, writeChoice } from "./choosing";

/** Records of a page, and as many fitting ones as are looked for without being asked, through so many pages at most. */
const perPage = 100;
const enough = 25;
const untilAsked = 10;

export default function Audit() {
  const [search, setSearch] = useSearchParams();
  const choice = useMemo(() => readChoice(search), [search]);
  const [begun] = useState(() => Date.now());
  const polling = usePolling(30_000);
  const since = momentOf(choice.since, begun);
  const { data, error, refetch, hasNextPage, isFetching, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["audit", since],
    queryFn: ({ pageParam, signal }) => {
      const query = { kind: "action", order: "newest", since, limit: perPage, continue: pageParam };
      return get<Schema<"Records">>("/api/v1/audit", query, signal);
    },
    initialPageParam: "",
    getNextPageParam: ({ metadata }) => metadata.continue ?? null,
    refetchInterval: polling,
    retry: false,
  });
  const read = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const rows = useMemo(() => select(read, choice), [read, choice]);
  const show = (change: Partial<Choice>) => setSearch(writeChoice({ ...choice, ...change }), { replace: true });
  // What is searched for may be far down: some pages are looked through before somebody has to ask for more.
  const goOn = hasNextPage && rows.length < enough && (data?.pages.length ?? 0) < untilAsked;
  useEffect(() => {
    if (goOn && !isFetching && error === null) void fetchNextPage();
  }, [goOn, isFetching, error, fetchNextPage]);
  return (
    <>
      <div className="page-head">
        <h1>
          Record
          <span className="count" role="status">
            {data === undefined ? "" : `${rows.length}${hasNextPage ? "+" : ""}`}
          </span>
        </h1>
        <SearchField label="Search actions" value={choice.q} onChange={(q) => show({ q })} />
      </div>
      <div className="filterbar">
        <Menu
          label={periods.find(([value]) => value === choice.since)?.[1] ?? "Since ever"}
          name="Since when"
          icon="clock"
          entries={[...periods, ["all", "Since ever", 0] as const].map(([value, label]) => ({
            label,
            checked: choice.since === value,
            onChoose: () => show({ since: value }),
          }))}
        />
        <Button aria-pressed={choice.refused} onClick={() => show({ refused: !choice.refused })}>
          Refused
        </Button>
      </div>
      {data === undefined && error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && (
        <div role="status" aria-label="Loading">
          <Skeleton height="14rem" />
        </div>
      )}
      {data !== undefined && rows.length === 0 && !hasNextPage && (
        <EmptyState title="Nothing is on record" icon="clock">
          <p>
            Whatever somebody asks that changes something stands here: who, when, from where, with which program; and
            what was refused.
          </p>
        </EmptyState>
      )}
      {rows.length > 0 && <Actions rows={rows} />}
      {hasNextPage && (
        <div className="audit-more">
          <p className="soft">The newest {read.length} actions were looked through.</p>
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Look further back
          </Button>
        </div>
      )}
      {data !== undefined && (
        <section className="audit-check" aria-label="Checking the record">
          <h2>Checking it</h2>
          <p className="soft">
            Each record holds the hash of the one before it. This works out every hash on your machine, and compares the
            ends of all chains with those that you keep in another place:
          </p>
          <Copyable text="mooring audit verify --anchors anchors.jsonl" label="Copy the command" />
          <p className="soft">Operations and drift are in it too, as files for whoever asks:</p>
          <Copyable text="mooring audit --since 30d --format csv > record.csv" label="Copy the command" />
        </section>
      )}
    </>
  );
}

function Actions({ rows }: { rows: readonly Row[] }) {
  const narrow = useNarrow();
  return (
    <Table
      label="Actions"
      rows={rows}
      rowKey={(row) => row.id}
      columns={
        narrow
          ? [
              { head: "What", cell: (row) => <Whole row={row} /> },
              { head: "Outcome", cell: (row) => <Outcome row={row} /> },
            ]
          : [
              { head: "When", cell: (row) => <When row={row} /> },
              { head: "Who", cell: (row) => <strong>{row.actor}</strong> },
              { head: "What", cell: (row) => <What row={row} /> },
              { head: "Outcome", cell: (row) => <Outcome row={row} explained /> },
              { head: "From", cell: (row) => <From row={row} /> },
            ]
      }
    />
  );
}

/** All of an action in one cell, for a window that has no room for five. */
function Whole({ row }: { row: Row }) {
  return (
    <span className="audit-what">
      <strong>{row.actor}</strong>
      <What row={row} />
      {row.outcome === "refused" && <span className="soft">{row.message}</span>}
      <span className="soft audit-agent">
        <When row={row} />, {row.source}, {programOf(row.agent ?? "")}
      </span>
    </span>
  );
}

function When({ row }: { row: Row }) {
  return (
    <span className="audit-when">
      <RelativeTime at={row.time} />
    </span>
  );
}

function What({ row }: { row: Row }) {
  return (
    <span className="audit-what" title={row.action}>
      <span>{deedOf(row.action, row.told)}</span>
      <Told told={row.told ?? {}} />
    </span>
  );
}

function Outcome({ row, explained = false }: { row: Row; explained?: boolean }) {
  if (row.outcome !== "refused") return <Mark tone="good" shape="tick" word="taken" />;
  return (
    <span className="audit-what">
      <Mark tone="bad" shape="cross" word="refused" />
      {explained && <span className="soft audit-why">{row.message}</span>}
    </span>
  );
}

function From({ row }: { row: Row }) {
  return (
    <span className="audit-what audit-from">
      <span>{row.source}</span>
      <span className="soft audit-agent" title={row.agent}>
        {programOf(row.agent ?? "")}
      </span>
    </span>
  );
}

/** What was given along, but for what stands in the request's own words already, as a document's kind and name do. */
function Told({ told }: { told: Readonly<Record<string, unknown>> }) {
  const known = ["of", "status", ...(text(told["kind"]) === "" ? [] : ["kind", "name"])];
  const said = Object.entries(told).filter(([name]) => !known.includes(name));
  if (said.length === 0) return null;
  return (
    <span className="soft">
      {said
        .slice(0, 5)
        .map(
          ([name, value]) => `${name} ${name === "digest" ? text(value).slice(0, 12) : text(value) || String(value)}`,
        )
        .join(", ")}
    </span>
  );
}

/** The program in a word or two; browsers all call themselves Mozilla. */
export function programOf(agent: string): string {
  return agent.startsWith("Mozilla/") ? "a browser" : (agent.split(" ")[0] ?? "");
}
