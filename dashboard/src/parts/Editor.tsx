/** A document, edited as YAML. What is wrong is shown with its line, whether the text can't be read or the API refuses
    a field of it. It is sent with the tag of what was read: whoever was faster is not overwritten. */
import "./listing.css";

import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { ApiError } from "@/api/errors";

import { Button } from "./Button";
import { Refusal } from "./Confirm";
import { Dialog } from "./Dialog";
import { lineOf, readYaml } from "./placing";

interface EditorProps {
  title: string;
  /** What the button says. */
  action?: string;
  text: string;
  /** Declares the document; resolves with warnings about it. */
  onSave: (document: unknown) => Promise<unknown>;
  onClose: () => void;
  /** Reads the newest text, after somebody else was faster. */
  onReload?: () => Promise<string>;
  hint?: string;
}

export function Editor({ title, action = "Save", text: first, onSave, onClose, onReload, hint }: EditorProps) {
  const [text, setText] = useState(first);
  const [unread, setUnread] = useState<{ message: string; line: number } | undefined>();
  const [leaving, setLeaving] = useState(false);
  const numbers = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const saving = useMutation({
    mutationFn: onSave,
    onError: (error) => {
      const line = error instanceof ApiError && error.field !== undefined ? lineOf(text, error.field) : undefined;
      if (line !== undefined) show(line);
    },
  });
  const error = saving.error;
  const refused = error instanceof ApiError && error.field !== undefined ? lineOf(text, error.field) : undefined;
  const wrong = unread?.line ?? refused;
  const show = (line: number) => {
    const field = area.current;
    if (field === null) return;
    const start =
      text
        .split("\n")
        .slice(0, line - 1)
        .join("\n").length + (line > 1 ? 1 : 0);
    field.focus();
    field.setSelectionRange(start, start);
    field.scrollTop = Math.max(0, (line - 5) * parseFloat(getComputedStyle(field).lineHeight));
  };
  const save = () => {
    const read = readYaml(text);
    setUnread(read.wrong);
    saving.reset();
    if (read.wrong === undefined) saving.mutate(read.value);
    else show(read.wrong.line);
  };
  const close = () => {
    if (text === first || leaving) onClose();
    else setLeaving(true);
  };
  const stale = error instanceof ApiError && error.status === 412 && onReload !== undefined;
  return (
    <Dialog
      wide
      title={title}
      onClose={close}
      foot={
        <>
          {stale && (
            <Button
              icon="refresh"
              onClick={() =>
                void onReload().then((newest) => {
                  setText(newest);
                  saving.reset();
                })
              }
            >
              Load the newest, losing what is typed here
            </Button>
          )}
          <Button onClick={close}>{leaving ? "Leave without saving" : "Cancel"}</Button>
          <Button look="strong" busy={saving.isPending} disabled={text.trim() === ""} onClick={save}>
            {action}
          </Button>
        </>
      }
    >
      {hint !== undefined && <p className="soft">{hint}</p>}
      <div className="editor">
        <div className="editor-lines" aria-hidden="true" ref={numbers}>
          {text.split("\n").map((_, index) => (
            <div key={index} data-wrong={wrong === index + 1 ? "" : undefined}>
              {index + 1}
            </div>
          ))}
        </div>
        <textarea
          ref={area}
          aria-label={`${title}, as YAML`}
          aria-invalid={wrong !== undefined}
          spellCheck={false}
          autoComplete="off"
          wrap="off"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setUnread(undefined);
            setLeaving(false);
          }}
          onScroll={(event) => {
            if (numbers.current !== null) numbers.current.scrollTop = event.currentTarget.scrollTop;
          }}
          onKeyDown={(event) => {
            if ((event.ctrlKey || event.metaKey) && (event.key === "s" || event.key === "Enter")) {
              event.preventDefault();
              save();
            }
          }}
        />
      </div>
      {unread !== undefined && (
        <div className="callout" data-tone="bad" role="alert">
          <strong>Line {unread.line} can't be read</strong>
          <span>{unread.message}</span>
        </div>
      )}
      {unread === undefined && error !== null && (
        <>
          <Refusal error={error} />
          {refused !== undefined && (
            <Button look="quiet" onClick={() => show(refused)}>
              Go to line {refused}
            </Button>
          )}
        </>
      )}
    </Dialog>
  );
}
