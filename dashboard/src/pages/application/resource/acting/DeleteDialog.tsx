/** Deletes one object, after its name was typed. */
import { useState } from "react";

import { change } from "@/api/client";
import type { Schema } from "@/api/types";
import { Button, Dialog } from "@/parts";

import { pathOf } from "../../queries";
import { refQuery } from "../address";
import type { PaneProps } from "../panes";
import { Outcome } from "./Outcome";
import { useDoing } from "./useDoing";

type How = "usual" | "orphan" | "force";

const hows: readonly (readonly [How, string, string])[] = [
  ["usual", "With what it owns", "Pods get their time to end."],
  ["orphan", "Without what it owns", "That stays, and belongs to nobody."],
  ["force", "At once", "Nothing waits: pods get no time to end, and may go on for a while on a node that is lost."],
];

export function DeleteDialog({ named, object, resource, onClose }: PaneProps & { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [how, setHow] = useState<How>("usual");
  const { doing, start } = useDoing(named, () =>
    change<Schema<"AskedHandling">>("DELETE", pathOf(named, "/resource"), {
      query: { namespace: named.namespace, ...refQuery(object), orphan: how === "orphan", force: how === "force" },
    }),
  );
  const busy = doing?.state === "asking" || doing?.state === "doing";
  const over = doing?.state === "done" || doing?.state === "failed";
  return (
    <Dialog
      title={`Delete ${object.kind} ${object.name}`}
      onClose={onClose}
      foot={
        over ? (
          <Button look="strong" onClick={onClose}>
            Close
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button look="danger" type="submit" form="delete" busy={busy} disabled={typed !== object.name}>
              Delete
            </Button>
          </>
        )
      }
    >
      <form
        id="delete"
        className="doing"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === object.name) start();
        }}
      >
        <p>
          {resource.managed
            ? "Git has it: self-heal or the next sync makes it again. To delete it for good, take it out of git."
            : "What owns it will most likely make another one."}
        </p>
        <fieldset className="doing-choices" disabled={doing !== undefined}>
          <legend className="field">How</legend>
          {hows.map(([value, label, says]) => (
            <label key={value}>
              <input type="radio" name="how" checked={how === value} onChange={() => setHow(value)} />
              <span>
                {label} <span className="soft">{says}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <label className="field">
          Type {object.name} to confirm
          <input
            className="input"
            autoComplete="off"
            spellCheck={false}
            disabled={doing !== undefined}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
      </form>
      {doing !== undefined && <Outcome doing={doing} />}
    </Dialog>
  );
}
