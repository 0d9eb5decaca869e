import { useState } from "react";

import { FormDialog, TextField } from "@/parts/FormDialog";

interface Props {
  name: string;
  busy: boolean;
  onPause: (why: string) => void;
  onClose: () => void;
}

/** Why automated sync is paused, for whoever wonders later. */
export function PauseDialog({ name, busy, onPause, onClose }: Props) {
  const [why, setWhy] = useState("");
  return (
    <FormDialog
      title={`Pause automated sync of ${name}`}
      action="Pause"
      icon="pause"
      busy={busy}
      onSubmit={() => onPause(why.trim())}
      onClose={onClose}
    >
      <p className="soft">
        New commits and drift are still found and told, but nothing is changed until somebody resumes, or syncs all by
        hand.
      </p>
      <TextField
        label="Why (everybody who looks at it reads this)"
        value={why}
        placeholder="incident 7"
        maxLength={200}
        spellCheck
        onChange={setWhy}
      />
    </FormDialog>
  );
}
