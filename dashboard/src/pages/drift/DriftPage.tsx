/** Changes beside git in all clusters: who made them, what they were, and what became of them. */
import "@/record/entry.css";
import "./drift.css";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useSearchParams } from "wouter";

import { get } from "@/api/client";
import { applicationsQuery } from "@/api/queries";
import type { Schema } from "@/api/types";
import { usePolling } from "@/live/live";
import { Button, Chosen, Command, EmptyState, ErrorState, Menu, quoted, SearchField, Skeleton } from "@/parts";
import { isOpen } from "@/record/said";

import {
  type Choice,
  groupedBy,
  groupingNames,
  groupings,
  periods,
  queryOf,
  readChoice,
  writeChoice,
} from "./choosing";
import { DriftRow } from "./DriftRow";
import { NoDrift } from "./NoDrift";

export default function DriftPage() {
  const [search, setSearch] = useSearchParams();
  const choice = useMemo(() => readChoice(search), [search]);
  // A period is counted from when the page was opened, or the list would begin anew each minute.
  const [begun] = useState(() => Date.now());
  const polling = usePolling(15_000);
  const asked = queryOf(choice, begun);
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["drifts", asked],
    queryFn: ({ pageParam, signal }) =>
      get<Schema<"Drifts">>("/api/v1/drifts", { ...asked, limit: 100, continue: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ metadata }) => metadata.continue ?? null,
    refetchInterval: polling,
  });
  const fleet = useQuery({ ...applicationsQuery, staleTime: 60_000 });
  const [opened, setOpened] = useState("");
  const show = (change: Partial<Choice>) => setSearch(writeChoice({ ...choice, ...change }), { replace: true });
  const all = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const shown = useMemo(() => (choice.open ? all.filter(isOpen) : all), [all, choice.open]);
  const waiting = all.filter(isOpen).length;
  const filtered =
    choice.who !== "" || choice.app !== "" || choice.cluster !== "" || choice.since !== "" || choice.open;
  const pick = (name: "app" | "cluster", label: string, values: readonly string[]) => (
    <Menu
      label={label}
      name={`Filter by ${label.toLowerCase()}`}
      empty="None is known yet"
      entries={[...new Set(values)].sort().map((value) => ({
        label: value,
        checked: choice[name] === value,
        onChoose: () => show({ [name]: choice[name] === value ? "" : value }),
      }))}
    />
  );
  return (
    <>
      <div className="page-head">
        <h1>
          Drift
          <span className="count" role="status">
            {data === undefined ? "" : `${all.length}${hasNextPage ? "+" : ""}`}
          </span>
        </h1>
        <SearchField label="Whose changes" value={choice.who} onChange={(who) => show({ who })} />
      </div>
      <div className="filterbar">
        {pick(
          "app",
          "Application",
          (fleet.data ?? []).map((each) => `${each.namespace}/${each.name}`),
        )}
        {pick(
          "cluster",
          "Cluster",
          (fleet.data ?? []).map((each) => each.cluster),
        )}
        <Menu
          label={periods.find(([value]) => value === choice.since)?.[1] ?? "Since ever"}
          name="Since when"
          icon="clock"
          entries={[["", "Since ever"] as const, ...periods].map(([value, label]) => ({
            label,
            checked: choice.since === value,
            onChoose: () => show({ since: value }),
          }))}
        />
        <Button aria-pressed={choice.open} onClick={() => show({ open: !choice.open })}>
          Still there <span className="count">{waiting}</span>
        </Button>
        <div className="segments" role="group" aria-label="Grouped">
          {groupings.map((by) => (
            <button key={by} type="button" aria-pressed={choice.by === by} onClick={() => show({ by })}>
              {groupingNames[by]}
            </button>
          ))}
        </div>
        {choice.app !== "" && <Chosen name="Application" value={choice.app} onDrop={() => show({ app: "" })} />}
        {choice.cluster !== "" && <Chosen name="Cluster" value={choice.cluster} onDrop={() => show({ cluster: "" })} />}
      </div>
      {data === undefined && error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && (
        <div className="drift-list" role="status" aria-label="Loading">
          <Skeleton height="14rem" />
        </div>
      )}
      {data !== undefined && shown.length === 0 && !filtered && <NoDrift />}
      {data !== undefined && shown.length === 0 && filtered && (
        <EmptyState
          title="Nothing fits"
          icon="filter"
          actions={<Button onClick={() => setSearch(new URLSearchParams())}>Show everything</Button>}
        >
          <p>No change by hand is on record that has all of what is filtered by.</p>
        </EmptyState>
      )}
      {shown.length > 0 &&
        groupedBy(shown, choice.by).map(({ name, drifts }) => (
          <section key={name} className="drift-group" aria-label={name === "" ? "Changes by hand" : name}>
            {name !== "" && (
              <h2>
                {name} <span className="count">{drifts.length}</span>
              </h2>
            )}
            <ol className="drift-list" role="list">
              {drifts.map((drift) => (
                <DriftRow
                  key={drift.id}
                  drift={drift}
                  open={drift.id === opened}
                  onToggle={() => setOpened(drift.id === opened ? "" : drift.id)}
                />
              ))}
            </ol>
          </section>
        ))}
      {shown.length > 0 && (
        <p className="page-command">
          <Command text={commandOf(choice)} />
        </p>
      )}
      {hasNextPage && (
        <div className="drift-more">
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

/** The command that prints what is shown, but for what the page leaves out by itself. */
function commandOf({ who, app, cluster, since }: Choice): string {
  const given = { app, cluster, who, since };
  const options = Object.entries(given).filter(([, value]) => value !== "");
  return ["mooring drift list", ...options.map(([name, value]) => `--${name} ${quoted(value)}`)].join(" ");
}
