/** The fleet: as a table, as cards, or as a map; what is shown of it stands in the address. */
import "./applications.css";

import { useQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useMemo, useRef, useState } from "react";
import { useSearchParams } from "wouter";

import { applicationsQuery } from "@/api/queries";
import type { ApplicationSummary } from "@/api/types";
import { useTitle } from "@/app/title";
import { usePolling } from "@/live/live";
import { Button, Copyable, EmptyState, ErrorState } from "@/parts";

import { Bones } from "./Bones";
import { Choosing } from "./Choosing";
import { ChosenBar } from "./ChosenBar";
import { Fleet, type FleetHandle } from "./Fleet";
import { grouped, keyOf, readShown, select, type Shown, writeShown } from "./selecting";
import { Totals } from "./Totals";

const none: readonly ApplicationSummary[] = [];

export default function Applications() {
  const interval = usePolling();
  const {
    data = none,
    isPending,
    isError,
    error,
    refetch,
  } = useQuery({ ...applicationsQuery, refetchInterval: interval });
  const [search, setSearch] = useSearchParams();
  const shown = useMemo(() => readShown(search), [search]);
  const show = useCallback(
    (change: Partial<Shown>) =>
      setSearch((before) => writeShown({ ...readShown(before), ...change }), { replace: true }),
    [setSearch],
  );
  const late = useDeferredValue(shown);
  const rows = useMemo(() => select(data, late), [data, late]);
  const groups = useMemo(() => grouped(rows, late.group), [rows, late.group]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const fleet = useRef<FleetHandle>(null);
  const toggle = useCallback((keys: readonly string[], on?: boolean) => {
    setChosen((before) => {
      const after = new Set(before);
      for (const key of keys) {
        if (on ?? !after.has(key)) after.add(key);
        else after.delete(key);
      }
      return after;
    });
  }, []);
  const unhealthy = useMemo(() => data.filter((row) => row.health === "Degraded").length, [data]);
  useTitle(unhealthy > 0 ? `(${unhealthy}) Applications` : "Applications");

  return (
    <>
      <Choosing
        all={data}
        shown={shown}
        found={rows.length}
        pending={isPending || (isError && data.length === 0)}
        onShow={show}
        onLeave={() => fleet.current?.enter()}
      />
      <Totals rows={data} pending={isPending} shown={shown} onShow={show} />
      {isPending && <Bones view={shown.view} />}
      {isError && data.length === 0 && <ErrorState error={error} onRetry={() => void refetch()} />}
      {!isPending && !isError && data.length === 0 && <FirstSteps />}
      {data.length > 0 && rows.length === 0 && (
        <EmptyState
          icon="filter"
          title="Nothing fits"
          actions={
            <Button onClick={() => setSearch(writeShown({ ...readShown(new URLSearchParams()), view: shown.view }))}>
              Show all {data.length}
            </Button>
          }
        >
          <p>No application has all of what is searched for and filtered by.</p>
        </EmptyState>
      )}
      {rows.length > 0 && (
        <Fleet
          groups={groups}
          view={late.view}
          chosen={chosen}
          onToggle={toggle}
          ref={fleet}
          shown={late}
          onShow={show}
        />
      )}
      <ChosenBar rows={useChosen(data, chosen)} onDone={() => setChosen(new Set())} />
    </>
  );
}

function useChosen(all: readonly ApplicationSummary[], chosen: ReadonlySet<string>) {
  return useMemo(() => (chosen.size === 0 ? none : all.filter((row) => chosen.has(keyOf(row)))), [all, chosen]);
}

function FirstSteps() {
  return (
    <EmptyState
      title="No applications yet"
      icon="anchor"
      actions={
        <>
          <Copyable text="mooring apply -f application.yaml" />
          <Copyable text="mooring bootstrap https://git.example.com/team/fleet.git" />
        </>
      }
    >
      <p>
        Declare one, or point this installation at a repository that declares all of them. You see those that the policy
        lets you see.
      </p>
    </EmptyState>
  );
}
