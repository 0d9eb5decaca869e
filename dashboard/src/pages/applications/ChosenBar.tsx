/** What can be done with all that are chosen. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { change } from "@/api/client";
import { applicationsQuery, sessionQuery } from "@/api/queries";
import type { ApplicationSummary } from "@/api/types";
import { Button, useToast } from "@/parts";

import { eachOf } from "./eachOf";

type Action = "sync" | "refresh";

const words: Readonly<Record<Action, string>> = { sync: "Sync", refresh: "Refresh" };

interface Props {
  rows: readonly ApplicationSummary[];
  onDone: () => void;
}

export function ChosenBar({ rows, onDone }: Props) {
  const say = useToast();
  const queries = useQueryClient();
  const can = useQuery(sessionQuery).data?.can["applications"] ?? [];
  const asking = useMutation({
    mutationFn: async (action: Action) => {
      const failures = await eachOf(rows, async ({ namespace, name }) => {
        await change("POST", `/api/v1/applications/${encodeURIComponent(name)}/${action}`, {
          query: { namespace },
          body: {},
        });
      });
      return { action, failures, count: rows.length };
    },
    onSuccess: ({ action, failures, count }) => {
      void queries.invalidateQueries({ queryKey: applicationsQuery.queryKey });
      const first = failures[0];
      if (first === undefined) {
        say({
          tone: "good",
          text: `${words[action]} is asked for: ${count === 1 ? "1 application" : `${count} applications`}`,
        });
        onDone();
        return;
      }
      const why = first.error instanceof Error ? first.error.message : String(first.error);
      say({ tone: "bad", text: `${failures.length} of ${count} refused, ${first.of.name} first: ${why}` });
    },
  });
  if (rows.length === 0) return null;
  return (
    <div className="apps-chosen" role="region" aria-label="Chosen applications">
      <span>
        <strong>{rows.length}</strong> chosen
      </span>
      {can.includes("sync") && (
        <Button look="strong" icon="sync" busy={asking.isPending} onClick={() => asking.mutate("sync")}>
          Sync
        </Button>
      )}
      {can.includes("get") && (
        <Button icon="refresh" busy={asking.isPending} onClick={() => asking.mutate("refresh")}>
          Refresh
        </Button>
      )}
      <Button look="quiet" onClick={onDone}>
        Clear
      </Button>
    </div>
  );
}
