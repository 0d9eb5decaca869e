/** Past syncs: by whom and why, what differs between any two of them, and the way back to one. */
import "./history.css";

import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "wouter";

import { to } from "@/app/addresses";
import { usePolling } from "@/live/live";
import { Button, Copyable, EmptyState, ErrorState, Mark, RelativeTime, Skeleton } from "@/parts";
import { causeOf, deedOf, mergedOf, type Row } from "@/record/said";

import { operationsQuery } from "../../pasts";
import { short } from "../../status";
import type { TabProps } from "../../tabs";
import { Comparing } from "./Comparing";
import { currentOf, isPast, ordered, toggled, wanted } from "./past";
import { RollbackDialog } from "./RollbackDialog";

export default function History({ application, named, rest }: TabProps) {
  const [search, setSearch] = useSearchParams();
  const polling = usePolling();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    ...operationsQuery(named),
    refetchInterval: polling,
  });
  const [back, setBack] = useState<Row>();
  if (data === undefined) {
    return error === null ? <Bones /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  }
  const all = data.pages.flatMap((page) => page.items);
  const rows = all.filter(isPast);
  const current = currentOf(all);
  const chosen = search.getAll("of").slice(-2);
  const pair = ordered(chosen);
  const choose = (ids: readonly string[]) =>
    setSearch(new URLSearchParams(ids.map((id) => ["of", id])), { replace: true });
  const nameOf = (id: string) => {
    if (id === wanted) return "what git wants now";
    const row = rows.find((each) => each.id === id);
    return row === undefined ? id : revisionsOf(row);
  };
  const outOfSync = application.status.sync.status === "OutOfSync";
  return (
    <div className="history">
      {rows.length === 0 ? (
        <EmptyState
          title="No sync has succeeded yet"
          icon="clock"
          actions={<Link href={to.application(named.namespace, named.name, "timeline")}>The timeline</Link>}
        >
          <p>Once one has, it can be compared with others and gone back to.</p>
        </EmptyState>
      ) : (
        <p className="soft history-hint" role="status">
          {pair === undefined
            ? chosen.length === 0
              ? "Choose two to compare them."
              : "Choose another one to compare it with."
            : `Comparing ${nameOf(pair[0])} with ${nameOf(pair[1])}.`}{" "}
          {chosen.length > 0 && (
            <Button look="quiet" onClick={() => choose([])}>
              Choose anew
            </Button>
          )}
        </p>
      )}
      {pair !== undefined && <Comparing named={named} from={pair[0]} to={pair[1]} />}
      <ol className="history-list" role="list" aria-label="Past syncs">
        {outOfSync && rows.length > 0 && (
          <li className="history-row" data-chosen={chosen.includes(wanted) ? "" : undefined}>
            <Choose id={wanted} name="what git wants now" chosen={chosen} onChoose={choose} />
            <span className="history-main">
              <strong>What git wants now</strong>
              <span className="soft">not synced yet</span>
            </span>
          </li>
        )}
        {rows.map((row) => (
          <li
            key={row.id}
            className="history-row"
            data-chosen={chosen.includes(row.id) ? "" : undefined}
            data-pointed={rest === row.id ? "" : undefined}
          >
            <Choose id={row.id} name={nameOf(row.id)} chosen={chosen} onChoose={choose} />
            <Told row={row} isCurrent={row.id === current?.id} named={named} />
            {row.id !== current?.id && (
              <Button icon="back" onClick={() => setBack(row)}>
                Roll back
                <span className="hidden-text"> to {nameOf(row.id)}</span>
              </Button>
            )}
          </li>
        ))}
      </ol>
      {hasNextPage && (
        <div className="history-more">
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
      {rows.length > 0 && (
        <p className="soft history-hint">
          On a command line: <Copyable text={`mooring app history ${named.name}`} label="Copy the command" />
        </p>
      )}
      {back !== undefined && (
        <RollbackDialog
          application={application}
          named={named}
          row={back}
          current={current}
          onClose={() => setBack(undefined)}
        />
      )}
    </div>
  );
}

export function revisionsOf({ revision = "" }: Row): string {
  return revision.split(",").map(short).join(", ");
}

interface ChooseProps {
  id: string;
  name: string;
  chosen: readonly string[];
  onChoose: (ids: readonly string[]) => void;
}

function Choose({ id, name, chosen, onChoose }: ChooseProps) {
  return (
    <input
      type="checkbox"
      className="check"
      aria-label={`Compare ${name}`}
      checked={chosen.includes(id)}
      onChange={() => onChoose(toggled(chosen, id))}
    />
  );
}

function Told({ row, isCurrent, named }: { row: Row; isCurrent: boolean; named: TabProps["named"] }) {
  const merged = mergedOf(row);
  return (
    <span className="history-main">
      <span className="history-title">
        <Link href={to.application(named.namespace, named.name, `timeline/${row.id}`)}>
          <code>{revisionsOf(row)}</code>
        </Link>
        <span className="history-subject">{row.commit?.subject}</span>
        {isCurrent && <Mark tone="good" shape="tick" word="Runs now" boxed />}
        {(row.returnedTo ?? "") !== "" && <span className="tag">{deedOf(row)}</span>}
      </span>
      <span className="soft history-facts">
        {row.commit != null && row.commit.author !== "" && `${row.commit.author}, `}
        {merged !== undefined && merged.mergedBy !== "" && `merged by ${merged.mergedBy}, `}
        synced <RelativeTime at={row.endedAt ?? row.time} /> {causeOf(row)}
      </span>
    </span>
  );
}

function Bones() {
  return (
    <div className="history" role="status" aria-label="Loading the history">
      {[1, 2, 3].map((each) => (
        <Skeleton key={each} height="3.25rem" />
      ))}
    </div>
  );
}
