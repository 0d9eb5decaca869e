/** The application's objects and what they own, as it is in the cluster now: as a graph, as a network, or as a list. */
import "./resources.css";

import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useDeferredValue, useMemo, useState } from "react";
import { useSearchParams } from "wouter";

import { ApiError } from "@/api/errors";
import { usePolling } from "@/live/live";
import { useNarrow } from "@/pages/applications/sizes";
import { Button, EmptyState, ErrorState, Skeleton } from "@/parts";

import { type ResourceTree, treeQuery } from "../../queries";
import { isUnderWay } from "../../status";
import type { TabProps } from "../../tabs";
import { Choosing } from "./Choosing";
import { drawTree, type Opened } from "./grouping";
import { counted, modelOf, remembered } from "./model";
import { drawNetwork, hasNetwork } from "./network";
import { readShown, select, type Shown, writeShown } from "./selecting";
import { TreeTable } from "./TreeTable";

const Graph = lazy(() => import("./Graph"));

export default function Resources({ application, named }: TabProps) {
  // Pods come and go without a word to the application: the cluster is looked at again, more often while things move.
  const moving = isUnderWay(application) || application.status.health.status === "Progressing";
  const often = Math.min(usePolling(20_000), moving ? 5_000 : 30_000);
  const { data, error, isPending, refetch } = useQuery({ ...treeQuery(named), refetchInterval: often });
  const [search, setSearch] = useSearchParams();
  const shown = useMemo(() => readShown(search), [search]);
  const show = useCallback(
    (change: Partial<Shown>) =>
      setSearch((before) => writeShown(before, { ...readShown(before), ...change }), { replace: true }),
    [setSearch],
  );
  const [opened, setOpened] = useState<Opened>(new Map());
  const openStack = useCallback(
    (id: string, count: number) => setOpened((before) => new Map(before).set(id, count)),
    [],
  );
  const narrow = useNarrow();
  const view = shown.view ?? (narrow ? "list" : "graph");
  const nodes = useMemo(() => data?.nodes ?? remembered(application), [data, application]);
  const model = useMemo(() => modelOf(nodes), [nodes]);
  const late = useDeferredValue(shown);
  const selected = useMemo(() => select(model, late), [model, late]);
  const drawn = useMemo(
    () => (view === "network" ? drawNetwork(model, selected, opened) : drawTree(model, selected, opened)),
    [view, model, selected, opened],
  );

  if (model.items.size === 0) {
    if (isPending) return <Skeleton height="16rem" />;
    if (error !== null) return <ErrorState error={error} onRetry={() => void refetch()} />;
    return (
      <EmptyState title="Nothing in the cluster" icon="cluster">
        <p>A sync makes what git declares; it will be shown here.</p>
      </EmptyState>
    );
  }
  const all = model.items.size;
  const fitting = selected.fits?.size ?? all;
  return (
    <section className="resources" aria-label="Resources">
      <Choosing
        model={model}
        shown={shown}
        view={view}
        network={hasNetwork(model)}
        found={fitting === all ? counted(all, "object") : `${fitting} of ${counted(all, "object")}`}
        onShow={show}
      />
      {error !== null && data === undefined && <Blind error={error} onRetry={() => void refetch()} />}
      {fitting === 0 ? (
        <EmptyState
          icon="filter"
          title="Nothing fits"
          actions={
            <Button onClick={() => show({ q: "", filters: { kind: [], health: [], sync: [], ns: [] } })}>
              Show all {all}
            </Button>
          }
        />
      ) : view === "list" ? (
        <TreeTable model={model} selected={selected} />
      ) : (
        <Suspense fallback={<Skeleton height="24rem" />}>
          <Graph
            key={view}
            application={application}
            drawn={drawn}
            live={data !== undefined}
            onOpenStack={openStack}
            label={view === "network" ? "Network" : "Resource graph"}
          />
        </Suspense>
      )}
      {data !== undefined && <Left tree={data} />}
    </section>
  );
}

/** The cluster can't be seen; what is shown is older. */
function Blind({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const told = error instanceof ApiError ? `${error.sentence} ${error.nextStep}` : String(error);
  return (
    <div className="res-blind" role="alert">
      <p>
        <strong>The cluster can't be looked at.</strong> {told} What is shown is what the last sync left, without what
        these objects own.
      </p>
      <Button onClick={onRetry} icon="refresh">
        Look again
      </Button>
    </div>
  );
}

/** What is not in the tree, and why. */
function Left({ tree }: { tree: ResourceTree }) {
  const cut = Object.entries(tree.cut);
  if (cut.length === 0 && tree.unlisted.length === 0) return null;
  return (
    <ul className="graph-note" role="list" aria-label="What is not shown">
      {cut.length > 0 && <li>Too many to look at: {cut.map(([kind, count]) => counted(count, kind)).join(", ")}</li>}
      {tree.unlisted.map(({ group, kind, message }) => (
        <li key={`${group}/${kind}`}>
          {kind} could not be listed: {message}
        </li>
      ))}
    </ul>
  );
}
