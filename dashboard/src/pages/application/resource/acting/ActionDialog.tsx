/** One action of an object: what it wants to know, and what became of it. */
import { useState } from "react";

import { change } from "@/api/client";
import type { Schema } from "@/api/types";
import { FormDialog, TextField } from "@/parts/FormDialog";

import { pathOf } from "../../queries";
import { refQuery } from "../address";
import type { PaneProps } from "../panes";
import type { Offers } from "../queries";
import { below } from "../status";
import { titleOf } from "./Actions";
import { Outcome } from "./Outcome";
import { isBusy, isOver, useDoing } from "./useDoing";

interface Props extends PaneProps {
  offered: Offers["actions"][number];
  onClose: () => void;
}

export function ActionDialog({ named, object, resource, offered, onClose }: Props) {
  const [given, setGiven] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(offered.params.map((each) => [each.name, each.default])),
  );
  const { doing, start } = useDoing(named, () =>
    change<Schema<"AskedHandling">>("POST", pathOf(named, "/resource/actions"), {
      query: { namespace: named.namespace, ...refQuery(object) },
      body: {
        action: offered.name,
        parameters: offered.params.map(({ name }) => ({ name, value: given[name] ?? "" })),
      },
    }),
  );
  const title = titleOf(offered);
  return (
    <FormDialog
      title={`${title}: ${object.kind} ${object.name}`}
      action={title}
      busy={isBusy(doing)}
      over={isOver(doing)}
      onSubmit={start}
      onClose={onClose}
      below={doing !== undefined && <Outcome doing={doing} />}
    >
      {says(offered.name, object.kind) !== "" && <p>{says(offered.name, object.kind)}</p>}
      {offered.params.map(({ name }) => {
        const number = name === "replicas";
        const now = number ? below(resource.live, "spec", "replicas") : undefined;
        return (
          <TextField
            key={name}
            label={name}
            required
            disabled={doing !== undefined}
            {...(number ? { type: "number", min: 0, max: 10_000, step: 1, inputMode: "numeric" as const } : {})}
            value={given[name] ?? ""}
            onChange={(value) => setGiven({ ...given, [name]: value })}
            note={typeof now === "number" && <span className="soft">{now} now</span>}
          />
        );
      })}
      {resource.managed && doing === undefined && (
        <p className="soft">
          What git sets is put back by self-heal or the next sync: change it there to keep it, or pause automated sync
          first.
        </p>
      )}
    </FormDialog>
  );
}

/** What the built-in actions do, in a sentence; the name of another one has to say it. */
function says(action: string, kind: string): string {
  switch (action) {
    case "restart":
      return "Its pods are replaced one after the other, as its strategy says. git does not change.";
    case "scale":
      return `So many pods this ${kind} shall have.`;
    case "pause":
      return "Changes of its pods wait until it is resumed.";
    case "resume":
      return "It goes on, with whatever changed meanwhile.";
    case "suspend":
      return "It starts nothing until it is resumed.";
    case "create-job":
      return "A Job is made of its template now, beside the schedule.";
    case "terminate":
      return "The Job ends now; its pods are ended.";
    case "retry":
      return kind === "Job" ? "The Job is made again as git wants it." : "It is tried again.";
    case "abort":
      return "The new version is taken back; the stable one gets all traffic.";
    case "promote-full":
      return "The new version gets all traffic at once, without the steps that are left.";
    default:
      return "";
  }
}
