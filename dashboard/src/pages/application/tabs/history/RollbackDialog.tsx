/** Before a rollback: what it changes, that automated sync is paused by it, on whose record it goes, and git's own way. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { change } from "@/api/client";
import { ApiError } from "@/api/errors";
import { sessionQuery } from "@/api/queries";
import type { Schema } from "@/api/types";
import { Button, Copyable, Dialog, errorToast, Mark, RelativeTime, Sign, Skeleton, useToast } from "@/parts";
import type { Row } from "@/record/said";

import { type Application, keyOf, type Named, pathOf } from "../../queries";
import { autoSyncOf, pauseOf } from "../../status";
import { comparisonQuery, summaryOf } from "./Comparing";
import { revisionsOf } from "./History";
import { revertCommand } from "./past";

interface Props {
  application: Application;
  named: Named;
  row: Row;
  current: Row | undefined;
  onClose: () => void;
}

export function RollbackDialog({ application, named, row, current, onClose }: Props) {
  const say = useToast();
  const queries = useQueryClient();
  const session = useQuery(sessionQuery);
  const pauses = autoSyncOf(application).on && pauseOf(application) === undefined;
  const rolling = useMutation({
    mutationFn: () =>
      change<Schema<"AskedRollback">>("POST", pathOf(named, "/rollback"), {
        query: { namespace: named.namespace },
        body: { operation: row.id },
      }),
    onSuccess: ({ paused }) => {
      const also = paused === null ? "" : "; automated sync is paused until it is resumed";
      say({ tone: "good", text: `Rolling back to ${revisionsOf(row)}${also}` });
      onClose();
      return queries.invalidateQueries({ queryKey: keyOf(named) });
    },
    onError: (error) => say(errorToast(error)),
  });
  const revert = current === undefined ? undefined : revertCommand(row.revision ?? "", current.revision ?? "");
  return (
    <Dialog
      title={`Roll ${named.name} back to ${revisionsOf(row)}`}
      onClose={onClose}
      wide
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="strong" icon="back" busy={rolling.isPending} onClick={() => rolling.mutate()}>
            Roll back
          </Button>
        </>
      }
    >
      <p>
        <strong>{row.commit?.subject}</strong>
        {row.commit != null && row.commit.author !== "" && <> by {row.commit.author}</>}, synced{" "}
        <RelativeTime at={row.endedAt ?? row.time} />.
      </p>
      <Differences named={named} from={current?.id} to={row.id} />
      <p className="rollback-note" data-tone={pauses ? "warn" : undefined}>
        <Sign shape={pauses ? "pause" : "ask"} />
        <span>
          {pauses
            ? "Automated sync and self-heal are paused by this: otherwise git would be synced again at once. Resume them once git is right."
            : pauseOf(application) === undefined
              ? "This application is synced by hand: nothing is paused, and nothing undoes it by itself."
              : "Automated sync is paused already, and stays so until it is resumed."}
        </span>
      </p>
      {session.data !== undefined && (
        <p className="soft">
          It goes on record as asked for by <strong>{session.data.name}</strong>.
        </p>
      )}
      {revert !== undefined && (
        <div className="rollback-git">
          <p className="soft">Or change git instead, so that everybody sees it, and nothing is paused:</p>
          <Copyable text={revert} label="Copy the git command" />
        </div>
      )}
    </Dialog>
  );
}

function Differences({ named, from, to }: { named: Named; from: string | undefined; to: string }) {
  const { data, error } = useQuery({ ...comparisonQuery(named, from ?? "synced", to), retry: false });
  if (error !== null) {
    const why = error instanceof ApiError ? error.sentence : error.message;
    return <p className="soft">What it changes could not be worked out: {why}</p>;
  }
  if (data === undefined) return <Skeleton height="3rem" />;
  return (
    <section className="rollback-changes" aria-label="What it changes">
      <h3>{summaryOf(data)}</h3>
      <ul role="list">
        {data.items.slice(0, 12).map((each) => (
          <li key={`${each.group}/${each.kind}/${each.namespace}/${each.name}`}>
            <Mark
              tone={each.kindOfChange === "removed" ? "lost" : each.kindOfChange === "added" ? "good" : "warn"}
              shape={each.kindOfChange === "removed" ? "gone" : each.kindOfChange === "added" ? "tick" : "away"}
              word={each.kindOfChange}
            />
            <span>
              <span className="soft">{each.kind}</span> {each.name}
            </span>
            <span className="soft mono clip">
              {each.changes
                .map(({ path }) => path)
                .slice(0, 3)
                .join(", ")}
            </span>
          </li>
        ))}
      </ul>
      {data.items.length > 12 && <p className="soft">and {data.items.length - 12} more</p>}
    </section>
  );
}
