/** Deletes one object, after its name was typed. */
import { useState } from "react";

import { change } from "@/api/client";
import type { Schema } from "@/api/types";
import { Choices, FormDialog, TextField } from "@/parts/FormDialog";

import { pathOf } from "../../queries";
import { refQuery } from "../address";
import type { PaneProps } from "../panes";
import { Outcome } from "./Outcome";
import { isBusy, isOver, useDoing } from "./useDoing";

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
  return (
    <FormDialog
      title={`Delete ${object.kind} ${object.name}`}
      action="Delete"
      look="danger"
      icon="trash"
      busy={isBusy(doing)}
      ready={typed === object.name}
      over={isOver(doing)}
      onSubmit={start}
      onClose={onClose}
      below={doing !== undefined && <Outcome doing={doing} />}
    >
      <p>
        {resource.managed
          ? "Git has it: self-heal or the next sync makes it again. To delete it for good, take it out of git."
          : "What owns it will most likely make another one."}
      </p>
      <Choices legend="How" choices={hows} value={how} disabled={doing !== undefined} onChange={setHow} />
      <TextField
        label={
          <>
            Type <strong>{object.name}</strong> to confirm
          </>
        }
        disabled={doing !== undefined}
        value={typed}
        onChange={setTyped}
      />
    </FormDialog>
  );
}
