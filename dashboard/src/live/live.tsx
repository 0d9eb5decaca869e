/** Changes as they happen. The server only says what has changed; what it has become is asked for as ever, by its ETag.
    Without a connection everything is asked for again every few seconds, and nobody misses anything. */
import { useIsMutating, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useEffect, useState } from "react";

import { change } from "@/api/client";
import { ApiError } from "@/api/errors";

import { isListening, keysOf, topics, waiting } from "./messages";

interface Opened {
  url: string;
  ticket: string;
}

const Live = createContext(false);
/** Lists are asked for again once for all changes of this many milliseconds. */
const gathering = 700;
/** API Gateway ends a connection on which nobody says anything for ten minutes. */
const pinging = 5 * 60_000;
/** An installation without live updates is asked again this rarely. */
const withoutStream = 15 * 60_000;

export function useLiveState(): boolean {
  return use(Live);
}

/** `refetchInterval` of whatever should stay fresh: rarely while changes are told or made, else every `polled` milliseconds. */
export function usePolling(polled = 8_000): number {
  const changing = useIsMutating() > 0; // what is being removed would be asked for once more
  return use(Live) || changing ? 120_000 : polled;
}

export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [live, setLive] = useState(false);

  useEffect(() => {
    let socket: WebSocket | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gatherer: ReturnType<typeof setTimeout> | undefined;
    let pings: ReturnType<typeof setInterval> | undefined;
    let ended = false;
    let failures = 0;
    const changed = new Map<string, readonly string[]>();

    const flush = () => {
      if (queries.isMutating() > 0) {
        gatherer = setTimeout(flush, 200);
        return;
      }
      gatherer = undefined;
      for (const queryKey of changed.values()) void queries.invalidateQueries({ queryKey });
      changed.clear();
    };
    const begin = (opened: WebSocket) => {
      failures = 0;
      setLive(true);
      pings = setInterval(() => opened.send('{"ping":1}'), pinging);
      // What changed before the server listened is told by nobody.
      void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
    };
    const hear = (event: MessageEvent<unknown>) => {
      for (const key of keysOf(event.data)) changed.set(key.join("\n"), key);
      if (changed.size > 0) gatherer ??= setTimeout(flush, gathering);
    };
    const again = (error?: unknown) => {
      clearInterval(pings);
      setLive(false);
      if (ended) return;
      failures += 1;
      const none = error instanceof ApiError && error.status === 404;
      timer = setTimeout(open, none ? withoutStream : waiting(failures, Math.random()));
    };
    const open = () => {
      change<Opened>("POST", "/api/v1/stream").then(
        ({ url, ticket }) => {
          if (ended) return;
          const opened = new WebSocket(url);
          socket = opened;
          opened.onopen = () => opened.send(JSON.stringify({ ticket, topics }));
          opened.onmessage = (event: MessageEvent<unknown>) => {
            if (isListening(event.data)) begin(opened);
            else hear(event);
          };
          opened.onclose = () => again();
        },
        again, // no such route, not permitted, no connection: all the same to a page that polls
      );
    };
    open();
    return () => {
      ended = true;
      clearTimeout(timer);
      clearTimeout(gatherer);
      clearInterval(pings);
      socket?.close();
    };
  }, [queries]);

  return <Live value={live}>{children}</Live>;
}
