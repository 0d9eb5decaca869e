import { useSyncExternalStore } from "react";

import { ago, exactly } from "./times";

/** One clock for the whole page, so that a thousand times cost one timer. */
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 15_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The clock of the page goes on in steps, and others' clocks are not quite it: what is so close ahead is now. */
const skew = 120_000;

/** "3 min ago", which goes on by itself; the exact moment is its tooltip. `at` is a time of RFC 3339. */
export function RelativeTime({ at }: { at: string | null | undefined }) {
  const current = useSyncExternalStore(subscribe, () => now);
  const moment = at == null ? NaN : Date.parse(at);
  if (at == null || Number.isNaN(moment)) return <span className="soft">never</span>;
  return (
    <time dateTime={at} title={exactly(moment)}>
      {ago(moment, Math.abs(moment - current) < skew ? Math.max(current, moment) : current)}
    </time>
  );
}
