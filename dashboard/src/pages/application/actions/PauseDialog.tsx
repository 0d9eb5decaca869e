import { type SubmitEvent, useState } from "react";

import { Button, Dialog } from "@/parts";

interface Props {
  name: string;
  busy: boolean;
  onPause: (why: string) => void;
  onClose: () => void;
}

/** Why automated sync is paused, for whoever wonders later. */
export function PauseDialog({ name, busy, onPause, onClose }: Props) {
  const [why, setWhy] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onPause(why.trim());
  };
  return (
    <Dialog
      title={`Pause automated sync of ${name}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="strong" icon="pause" type="submit" form="pause-form" busy={busy}>
            Pause
          </Button>
        </>
      }
    >
      <form id="pause-form" className="act-form" onSubmit={submit}>
        <p className="soft">
          New commits and drift are still found and told, but nothing is changed until somebody resumes, or syncs all by
          hand.
        </p>
        <label className="field">
          Why (everybody who looks at it reads this)
          <input
            className="input"
            value={why}
            placeholder="incident 7"
            maxLength={200}
            onChange={(event) => setWhy(event.target.value)}
          />
        </label>
      </form>
    </Dialog>
  );
}
