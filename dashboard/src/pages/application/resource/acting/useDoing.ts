import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import type { Schema } from "@/api/types";

import { keyOf, type Named, pathOf } from "../../queries";
import { type Handling, outcomeOf } from "./asking";

type Asked = Schema<"AskedHandling">;

export type Doing =
  | { state: "asking" }
  | { state: "doing" }
  | { state: "done"; handling: Handling }
  | { state: "failed"; error: unknown };

/** Asks once, then waits for the outcome; leaving the page ends the waiting, not what was asked for. */
export function useDoing(named: Named, ask: () => Promise<Asked>): { doing: Doing | undefined; start: () => void } {
  const [doing, setDoing] = useState<Doing>();
  const queries = useQueryClient();
  const ends = useRef<AbortController>(undefined);
  useEffect(() => () => ends.current?.abort(), []);
  const start = () => {
    const ending = new AbortController();
    ends.current = ending;
    setDoing({ state: "asking" });
    ask()
      .then((asked) => {
        setDoing({ state: "doing" });
        const path = pathOf(named, `/checks/${asked.check.id}`);
        return outcomeOf<Handling>(path, { namespace: named.namespace }, ending.signal);
      })
      .then((handling) => {
        setDoing({ state: "done", handling });
        void queries.invalidateQueries({ queryKey: keyOf(named) });
      })
      .catch((error: unknown) => {
        if (!ending.signal.aborted) setDoing({ state: "failed", error });
      });
  };
  return { doing, start };
}

export function isBusy(doing: Doing | undefined): boolean {
  return doing?.state === "asking" || doing?.state === "doing";
}

export function isOver(doing: Doing | undefined): boolean {
  return doing?.state === "done" || doing?.state === "failed";
}
