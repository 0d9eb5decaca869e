/** What `mooring cluster doctor` does: the function that works with the cluster examines it, step by step. */
import "./clusters.css";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { change, get } from "@/api/client";
import { clusterQuery } from "@/api/lists";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { Button, Copyable, ErrorState, Mark } from "@/parts";
import { Sheet } from "@/parts/Sheet";

interface Step {
  step: string;
  ok: boolean;
  message: string;
}

const words: Readonly<Record<string, string>> = {
  registration: "Registration",
  name: "Name",
  connection: "Connection",
  tls: "TLS",
  login: "Login",
  clock: "Clock",
  rights: "Rights",
};

export function Examination({ name }: { name: string }) {
  const [id, setId] = useState<string>();
  const path = `/api/v1/clusters/${encodeURIComponent(name)}/check`;
  const asking = useAction({
    act: () => change<Schema<"AskedCheck">>("POST", path),
    said: () => "The cluster is being examined",
    old: [],
    then: ({ check }) => setId(check.id),
  });
  const answer = useQuery({
    queryKey: [...clusterQuery(name).queryKey, "check", id ?? ""],
    queryFn: ({ signal }) => get<Schema<"Check">>(`${path}/${encodeURIComponent(id ?? "")}`, {}, signal),
    enabled: id !== undefined,
    refetchInterval: (query) => (query.state.data?.done === true ? false : 1000),
  });
  const found = answer.data?.found ?? undefined;
  const steps = Array.isArray(found?.["steps"]) ? (found["steps"] as readonly Step[]) : [];
  const waiting = id !== undefined && answer.data?.done !== true && !answer.isError;
  return (
    <Sheet
      title="Examination"
      actions={
        <Button icon="check" busy={asking.isPending || waiting} onClick={() => asking.mutate()}>
          Examine now
        </Button>
      }
    >
      {id === undefined && (
        <div className="stack">
          <p className="soft">
            Its name, connection, certificate, login, clock, rights and kinds are tried by the function that works with
            it.
          </p>
          <Copyable text={`mooring cluster doctor ${name}`} />
        </div>
      )}
      <div role="status" className="stack">
        {waiting && <Mark tone="wait" shape="turning" word="Somebody is looking" />}
        {found !== undefined && (
          <Mark
            tone={steps.every((each) => each.ok) ? "good" : "bad"}
            shape={steps.every((each) => each.ok) ? "tick" : "cross"}
            word={steps.every((each) => each.ok) ? "Nothing is wrong" : "Something is wrong"}
          />
        )}
      </div>
      {answer.isError && <ErrorState error={answer.error} />}
      {steps.length > 0 && (
        <ol className="clusters-steps" role="list">
          {steps.map((each, index) => (
            <li key={`${each.step}${index}`}>
              <Mark
                tone={each.ok ? "good" : "bad"}
                shape={each.ok ? "tick" : "cross"}
                word={words[each.step] ?? each.step}
              />
              <span>{each.message}</span>
            </li>
          ))}
        </ol>
      )}
    </Sheet>
  );
}
