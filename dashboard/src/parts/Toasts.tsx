import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from "react";

import { ApiError } from "@/api/errors";

import { IconButton } from "./Button";
import { Sign, type Tone } from "./Marks";

export interface Toast {
  text: ReactNode;
  tone?: Tone;
}

interface Shown extends Toast {
  id: number;
}

type Say = (toast: Toast) => void;

const Saying = createContext<Say>(() => undefined);
const most = 4;
const seconds = 7;

/** `const say = useToast()`; `say({tone: "good", text: "Synced"})`. It is read aloud, too. */
export function useToast(): Say {
  return use(Saying);
}

/** What an error says, for a toast. */
export function errorToast(error: unknown): Toast {
  if (!(error instanceof ApiError)) return { tone: "bad", text: String(error) };
  const field = error.field === undefined ? "" : `${error.field} `;
  return { tone: "bad", text: `${error.title}: ${field}${error.detail}` };
}

let last = 0;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<readonly Shown[]>([]);
  const say = useCallback<Say>((toast) => {
    last += 1;
    const fresh = { ...toast, id: last };
    setShown((before) => [...before, fresh].slice(-most));
  }, []);
  const drop = useCallback((id: number) => setShown((before) => before.filter((each) => each.id !== id)), []);
  const list = useMemo(
    () => shown.map((toast) => <OneToast key={toast.id} toast={toast} onDrop={drop} />),
    [shown, drop],
  );
  return (
    <Saying value={say}>
      {children}
      <div className="toasts" role="status" aria-live="polite" aria-relevant="additions">
        {list}
      </div>
    </Saying>
  );
}

function OneToast({ toast, onDrop }: { toast: Shown; onDrop: (id: number) => void }) {
  const { id, tone = "idle", text } = toast;
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held || tone === "bad") return undefined; // bad news stays until it was seen
    const timer = setTimeout(() => onDrop(id), seconds * 1000);
    return () => clearTimeout(timer);
  }, [id, held, tone, onDrop]);
  return (
    // Whoever is at it, reads it: it waits for them.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className="toast"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span className="mark" data-tone={tone}>
        <Sign shape={tone === "good" ? "tick" : tone === "bad" ? "cross" : "ask"} />
      </span>
      <p>{text}</p>
      <IconButton icon="close" label="Dismiss" onClick={() => onDrop(id)} />
    </div>
  );
}
