/** Reads a log range by range, and goes on as long as somebody looks at its end. */
import { useCallback, useEffect, useReducer, useRef, useState } from "react";

import { read } from "@/api/client";
import { ApiError } from "@/api/errors";

import { type Named, pathOf } from "../../queries";
import { type ObjectRef, refQuery, writeRef } from "../address";
import { type Held, type Logs, nothing, pauseBefore, withRange } from "./holding";
import { type LogOptions, queryOf } from "./options";

interface Following {
  held: Held;
  /** The first answer is not there yet. */
  begins: boolean;
  error: unknown;
  /** Tries again after an error. */
  retry: () => void;
}

interface State {
  held: Held;
  begins: boolean;
  error: unknown;
}

type Step = { kind: "anew" } | { kind: "range"; range: Logs } | { kind: "failed"; error: unknown } | { kind: "retry" };

const start: State = { held: nothing, begins: true, error: undefined };

function step(before: State, taken: Step): State {
  if (taken.kind === "anew") return start;
  if (taken.kind === "failed") return { ...before, error: taken.error, begins: false };
  if (taken.kind === "retry") return { ...before, error: undefined };
  return { held: withRange(before.held, taken.range), begins: false, error: undefined };
}

/** `follows` says whether what comes is read; what was missed meanwhile is read when it follows again. */
export function useFollowing(named: Named, object: ObjectRef, options: LogOptions, follows: boolean): Following {
  const [state, take] = useReducer(step, start);
  const visible = useVisible();
  const asked = `${writeRef(object)} ${options.container} ${options.previous} ${options.since} ${options.filter}`;
  const cursor = useRef({ asked: "", text: "", empty: 0 });

  useEffect(() => {
    if (cursor.current.asked !== asked) {
      cursor.current = { asked, text: "", empty: 0 };
      take({ kind: "anew" });
    }
    const first = cursor.current.text === "";
    if (state.error !== undefined || (!first && (!follows || !visible || options.previous))) return undefined;
    const asking = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () => {
      read<Logs>(
        pathOf(named, "/logs"),
        { namespace: named.namespace, ...refQuery(object), ...queryOf(options, cursor.current.text) },
        asking.signal,
      ).then(
        (range) => {
          if (asking.signal.aborted) return;
          const now = cursor.current;
          now.text = range.cursor === "" ? now.text : range.cursor;
          now.empty = range.lines.length === 0 ? now.empty + 1 : 0;
          take({ kind: "range", range });
          if (!options.previous || range.more) timer = setTimeout(ask, pauseBefore(range.more, now.empty));
        },
        (error: unknown) => {
          if (asking.signal.aborted) return;
          const passing =
            error instanceof ApiError && (error.status === 0 || error.status === 503 || error.status === 429);
          // What passes by itself is not told before it has lasted a while.
          if (passing && cursor.current.text !== "" && cursor.current.empty < 10) {
            cursor.current.empty += 2;
            timer = setTimeout(ask, 3_000);
          } else take({ kind: "failed", error });
        },
      );
    };
    timer = setTimeout(ask, first ? 0 : pauseBefore(false, cursor.current.empty));
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
    // `asked` stands for the options of which it is made.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [asked, named, follows, visible, state.error]);

  const retry = useCallback(() => take({ kind: "retry" }), []);
  return { ...state, retry };
}

function useVisible(): boolean {
  const [visible, setVisible] = useState(() => document.visibilityState === "visible");
  useEffect(() => {
    const change = () => setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", change);
    return () => document.removeEventListener("visibilitychange", change);
  }, []);
  return visible;
}
