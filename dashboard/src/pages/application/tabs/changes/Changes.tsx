/** All that differs between the cluster and git, object by object: what a sync of the application would do. */
import "./changes.css";

import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";

import { useShortcut } from "@/app/shortcuts";
import { FoldLine, InlineLine, SplitLine, type DiffShape } from "@/code/DiffLine";
import { ShapeChoice, SideNames, useShape } from "@/code/DiffView";
import { Flow, type FlowHandle } from "@/code/Flow";
import { Button, EmptyState, ErrorState, Icon, IconButton, Mark, SearchField, Skeleton } from "@/parts";
import { useScrollArea } from "@/parts/scrolling";

import { useOpened } from "../../resource/address";
import { managedQuery } from "../../resource/queries";
import type { TabProps } from "../../tabs";
import { type Changed, type Entry, entriesOf, idOf, stopsOf, wantedOf } from "./listing";

const kinds = [
  ["", "All"],
  ["changed", "Changed"],
  ["added", "Made"],
  ["removed", "Deleted"],
] as const;

export default function Changes({ named }: TabProps) {
  const area = useScrollArea();
  const { open } = useOpened();
  const flow = useRef<FlowHandle>(null);
  const { data, error, refetch, isFetching } = useQuery(managedQuery(named));
  const [sought, setSought] = useState("");
  const [kind, setKind] = useState("");
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setShape] = useState<DiffShape>();
  const [current, setCurrent] = useState(-1);
  const shape = useShape(area, chosen, false);
  const objects = useMemo(() => wantedOf(data?.items ?? [], { sought, kind }), [data?.items, sought, kind]);
  const entries = useMemo(() => entriesOf(objects, closed, shape === "split"), [objects, closed, shape]);
  const stops = useMemo(() => stopsOf(entries), [entries]);

  const go = (step: 1 | -1) => {
    if (stops.length === 0) return;
    const next = current === -1 && step === -1 ? stops.length - 1 : (current + step + stops.length) % stops.length;
    setCurrent(next);
    flow.current?.reveal(stops[next] ?? 0, "center");
  };
  useShortcut("n", "Next change", () => go(1));
  useShortcut("p", "Previous change", () => go(-1));

  if (data === undefined) {
    return error === null ? (
      <div className="app-tab-bones" role="status" aria-label="Comparing with the cluster">
        <Skeleton width="18rem" height="1.5rem" />
        <Skeleton height="12rem" />
      </div>
    ) : (
      <ErrorState error={error} onRetry={() => void refetch()} />
    );
  }
  const again = (
    <Button icon="refresh" busy={isFetching} onClick={() => void refetch()}>
      Compare again
    </Button>
  );
  if (data.items.length === 0) {
    return (
      <EmptyState title="Nothing differs" icon="check" actions={again}>
        <p>Every object in the cluster is as git wants it. A sync would change nothing.</p>
      </EmptyState>
    );
  }
  const toggle = (id: string) => {
    const after = new Set(closed);
    if (!after.delete(id)) after.add(id);
    setClosed(after);
  };
  const allClosed = objects.every((each) => closed.has(idOf(each)));
  return (
    <div className="changes">
      <div className="code-bar">
        <SearchField label="Search objects and fields" value={sought} onChange={setSought} />
        <span className="segments" role="group" aria-label="Which objects">
          {kinds.map(([key, label]) => {
            const count = data.items.filter((each) => key === "" || each.diff.kind === key).length;
            return (
              <button key={key} type="button" aria-pressed={kind === key} onClick={() => setKind(key)}>
                {label} <span className="count">{count}</span>
              </button>
            );
          })}
        </span>
        <ShapeChoice shape={shape} onChange={setShape} />
        <span className="code-steps">
          <IconButton icon="up" label="Previous change (p)" onClick={() => go(-1)} />
          <IconButton icon="down" label="Next change (n)" onClick={() => go(1)} />
          <span role="status" className="soft">
            {current === -1 ? null : `${Math.min(current + 1, stops.length)} of ${stops.length}`}
          </span>
        </span>
        <span className="code-bar-end">
          <Button look="quiet" onClick={() => setClosed(allClosed ? new Set() : new Set(objects.map(idOf)))}>
            {allClosed ? "Unfold all" : "Fold all"}
          </Button>
          {again}
        </span>
      </div>
      {data.leftOut > 0 && (
        <p className="soft changes-note">
          {data.compared} objects were compared; {data.leftOut} more may differ. Open one of them to compare it.
        </p>
      )}
      {objects.length === 0 ? (
        <p className="soft changes-note" role="status">
          No object that differs has these words.
        </p>
      ) : (
        <div className="diff-frame">
          <SideNames shape={shape} names={["Live", "As git wants it"]} />
          <Flow
            ref={flow}
            area={area}
            count={entries.length}
            estimate={(index) => (entries[index]?.kind === "object" ? 44 : 20)}
            itemKey={(index) => keyOf(entries[index], shape)}
            item={(index) => {
              const entry = entries[index];
              if (entry === undefined) return null;
              const here = index === stops[current];
              if (entry.kind === "object") {
                return (
                  <Head
                    {...entry}
                    current={here}
                    onToggle={() => toggle(entry.id)}
                    onOpen={() => open(refOf(entry.object), "diff")}
                  />
                );
              }
              if (entry.kind === "cut") {
                return (
                  <div className="changes-cut">
                    {entry.object.diff.changes.length > 0 && `${entry.object.diff.changes.length} fields differ. `}
                    It is too large for this list.{" "}
                    <button type="button" className="res-link" onClick={() => open(refOf(entry.object), "diff")}>
                      Show it alone
                    </button>
                  </div>
                );
              }
              const { item } = entry;
              if (item.kind === "row") return <SplitLine row={item.row} isText={false} current={here} />;
              if (item.kind === "line") return <InlineLine line={item.line} isText={false} current={here} />;
              return <FoldLine path={item.path} />;
            }}
          />
        </div>
      )}
    </div>
  );
}

interface HeadProps {
  object: Changed;
  open: boolean;
  current: boolean;
  onToggle: () => void;
  onOpen: () => void;
}

function Head({ object, open, current, onToggle, onOpen }: HeadProps) {
  const { kind, namespace, name, diff } = object;
  const count = diff.changes.length;
  return (
    <div className="changes-head" data-current={current ? "" : undefined}>
      <button type="button" className="changes-fold" aria-expanded={open} onClick={onToggle}>
        <Icon name="chevron" size={14} />
        <span className="clip">
          <span className="soft">{kind}</span> {namespace !== "" && <span className="soft">{namespace}/</span>}
          <strong>{name}</strong>
        </span>
      </button>
      <span className="changes-about">
        {diff.kind === "added" && <Mark tone="good" shape="away" word="made" />}
        {diff.kind === "removed" && <Mark tone="lost" shape="gone" word="deleted" />}
        {diff.kind === "changed" && <span className="soft">{count === 1 ? "1 field" : `${count} fields`}</span>}
        {diff.dryRun !== "" && diff.dryRun !== "done" && (
          <span className="changes-tried" title={diff.dryRun}>
            <Icon name="warning" size={14} />
            <span className="clip">{diff.dryRun}</span>
          </span>
        )}
      </span>
      <Button look="quiet" onClick={onOpen}>
        Open<span className="hidden-text"> {`${kind} ${name}`}</span>
      </Button>
    </div>
  );
}

function refOf({ group, kind, namespace, name }: Changed) {
  return { group, kind, namespace, name };
}

function keyOf(entry: Entry | undefined, shape: DiffShape): string {
  if (entry === undefined) return "";
  return entry.kind === "part" ? `${entry.id} ${shape} ${entry.at}` : `${entry.kind} ${entry.id}`;
}
