import { type ReactNode, useState } from "react";

import { ApiError } from "@/api/errors";

import { Button } from "./Button";
import { Dialog } from "./Dialog";

interface ConfirmProps {
  title: string;
  /** What the button says. */
  action: string;
  /** Has to be typed, where what happens can't be taken back. */
  word?: string;
  busy: boolean;
  error?: Error | null;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** Asks before something is taken away. */
export function Confirm({ title, action, word, busy, error, onConfirm, onClose, children }: ConfirmProps) {
  const [typed, setTyped] = useState("");
  const sure = word === undefined || typed === word;
  return (
    <Dialog
      title={title}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button look="danger" busy={busy} disabled={!sure} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      {children}
      {word !== undefined && (
        <label className="field">
          <span>
            Type <strong>{word}</strong> to go on
          </span>
          <input
            className="input"
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && sure && !busy) onConfirm();
            }}
          />
        </label>
      )}
      <Refusal error={error} />
    </Dialog>
  );
}

/** Why the API refused what a form or a dialog asked for, beside it. */
export function Refusal({ error }: { error: Error | null | undefined }) {
  if (error == null) return null;
  const told = error instanceof ApiError ? error : undefined;
  return (
    <div className="callout" data-tone="bad" role="alert">
      <strong>{told?.title ?? "It did not work"}</strong>
      <span>
        {told?.field !== undefined && <code>{told.field}</code>} {told?.detail ?? error.message}
      </span>
      {told !== undefined && <span className="soft">{told.nextStep}</span>}
    </div>
  );
}
