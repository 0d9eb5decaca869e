/** A dialog that asks for something in one form: what is missing is said by its fields, what the API refuses below them. */
import { type InputHTMLAttributes, type ReactNode, useId } from "react";

import { Button, type ButtonLook } from "./Button";
import { Refusal } from "./Confirm";
import { Dialog } from "./Dialog";
import type { IconName } from "./Icon";

interface FormDialogProps {
  title: string;
  /** What the button says, and looks like. */
  action: string;
  look?: ButtonLook;
  icon?: IconName;
  busy: boolean;
  /** Why the API refused it. */
  error?: Error | null;
  /** Whether it can be sent; what a field requires needs no word here. */
  ready?: boolean;
  /** It was sent and has come to an end: all that is left is to close it. */
  over?: boolean;
  onSubmit: () => void;
  onClose: () => void;
  /** In place of Cancel, where there is something else to do with what was typed. */
  aside?: ReactNode;
  /** Below the form: what came of it, the command that does the same. */
  below?: ReactNode;
  children: ReactNode;
}

export function FormDialog({ title, action, look = "strong", icon, busy, error, ...rest }: FormDialogProps) {
  const { ready = true, over = false, onSubmit, onClose, aside, below, children } = rest;
  const form = useId();
  const foot = over ? (
    <Button look="strong" onClick={onClose}>
      Close
    </Button>
  ) : (
    <>
      {aside ?? <Button onClick={onClose}>Cancel</Button>}
      <Button
        look={look}
        {...(icon === undefined ? {} : { icon })}
        type="submit"
        form={form}
        busy={busy}
        disabled={!ready}
      >
        {action}
      </Button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} foot={foot}>
      <form
        id={form}
        className="form"
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !busy && !over) onSubmit();
        }}
      >
        {children}
        <Refusal error={error} />
      </form>
      {below}
    </Dialog>
  );
}

interface TextFieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "value" | "className"> {
  label: ReactNode;
  value: string;
  onChange: (value: string) => void;
  /** Below the field. */
  note?: ReactNode;
}

export function TextField({ label, value, onChange, note, ...rest }: TextFieldProps) {
  return (
    <label className="field">
      <span>{label}</span>
      <input
        className="input"
        autoComplete="off"
        spellCheck={false}
        {...rest}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      {note}
    </label>
  );
}

interface ChoicesProps<Value extends string> {
  legend: string;
  /** Each with what it is called and what it means. */
  choices: readonly (readonly [value: Value, label: string, says: string])[];
  value: Value;
  disabled?: boolean;
  onChange: (value: Value) => void;
}

/** One of a few, where what each means has to be read. */
export function Choices<Value extends string>({ legend, choices, value, disabled, onChange }: ChoicesProps<Value>) {
  const name = useId();
  return (
    <fieldset className="choices" disabled={disabled}>
      <legend>{legend}</legend>
      {choices.map(([each, label, says]) => (
        <label key={each}>
          <input type="radio" name={name} checked={each === value} onChange={() => onChange(each)} />
          <span>
            {label} <span className="soft">{says}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
