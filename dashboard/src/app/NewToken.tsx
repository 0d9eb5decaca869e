/** Making a token, and showing it the one time that it is shown. */
import { useState } from "react";

import type { Schema } from "@/api/types";
import { Button, Copyable, Dialog } from "@/parts";
import { FormDialog, TextField } from "@/parts/FormDialog";
import { Callout } from "@/parts/Sheet";

const days = 86_400;

export interface Wanted {
  name: string;
  /** Seconds. */
  expiresIn: number;
  role: string;
  scope: string[];
}

interface Props {
  title: string;
  /** A token of one's own is narrowed by a role or lines; that of a project's role is narrow as it is. */
  narrowed?: boolean;
  busy: boolean;
  error: Error | null;
  onMake: (wanted: Wanted) => void;
  onClose: () => void;
}

export function NewToken({ title, narrowed = false, busy, error, onMake, onClose }: Props) {
  const [name, setName] = useState("");
  const [lasts, setLasts] = useState(90);
  const [role, setRole] = useState("");
  const [scope, setScope] = useState("");
  return (
    <FormDialog
      title={title}
      action="Make the token"
      icon="key"
      busy={busy}
      error={error}
      onSubmit={() => {
        const lines = scope.split("\n").map((line) => line.trim());
        onMake({ name, expiresIn: lasts * days, role: role.trim(), scope: lines.filter((line) => line !== "") });
      }}
      onClose={onClose}
    >
      <TextField label="Name" required value={name} onChange={setName} />
      <label className="field">
        Lasts
        <select className="input" value={lasts} onChange={(event) => setLasts(Number(event.target.value))}>
          {[1, 7, 30, 90, 180, 365].map((each) => (
            <option key={each} value={each}>
              {each === 1 ? "1 day" : `${each} days`}
            </option>
          ))}
        </select>
      </label>
      {narrowed && (
        <>
          <TextField label="Role of the policy (role:deployer)" value={role} onChange={setRole} />
          <label className="field">
            And only this, a line each: RESOURCE, ACTION, OBJECT
            <textarea
              className="input"
              rows={3}
              placeholder="applications, sync, shop/*"
              value={scope}
              onChange={(event) => setScope(event.target.value)}
            />
          </label>
          <p className="soft">It may what you may, and only that of it which its role or one of its lines allows.</p>
        </>
      )}
    </FormDialog>
  );
}

/** The token, this once. */
export function Once({ made, onClose }: { made: Schema<"TokenMade">; onClose: () => void }) {
  return (
    <Dialog
      title={`Token ${made.name}`}
      onClose={onClose}
      foot={
        <Button look="strong" onClick={onClose}>
          I have it
        </Button>
      }
    >
      <Callout tone="warn">
        <strong>It is shown this once.</strong>
        <span>Copy it to where it is used. Only its SHA-256 is kept.</span>
      </Callout>
      <Copyable text={made.token} label="Copy the token" />
      <p className="soft">
        It ends on {made.expiresAt.slice(0, 10)}. Use it as <code>Authorization: Bearer …</code>, or as{" "}
        <code>MOORING_TOKEN</code> of the command.
      </p>
    </Dialog>
  );
}
