/** Fields that changed: where, what they said before, and what they say now. */
import "./record.css";

import { Icon } from "@/parts";

import { valueOf } from "./said";

export interface FieldChange {
  path: string;
  before: unknown;
  after: unknown;
  manager?: string;
  operation?: string;
  subresource?: string;
}

/** `path` of the record of an object that came or went as a whole. */
const whole = "(object)";
/** A value of a Secret, as the API tells it: a keyed digest. */
const hidden = /^\(hmac:[0-9a-f]+, (\d+) bytes\)$/;

export function Fields({ fields, label }: { fields: readonly FieldChange[]; label: string }) {
  return (
    <ul className="fields" role="list" aria-label={label}>
      {fields.map((each, at) => (
        <li key={`${each.path} ${at}`}>
          <code className="fields-path">{each.path === whole ? "The whole object" : each.path}</code>
          {(each.manager ?? "") !== "" && (
            <span className="soft fields-by">
              {each.manager}
              {(each.subresource ?? "") !== "" && `, ${each.subresource}`}
            </span>
          )}
          {each.path !== whole && (
            <span className="fields-values">
              <Value side="before" value={each.before} />
              <Icon name="arrow" size={12} />
              <span className="hidden-text">became</span>
              <Value side="after" value={each.after} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function Value({ side, value }: { side: "before" | "after"; value: unknown }) {
  const told = valueOf(value);
  if (told === undefined) return <em className="soft">nothing</em>;
  const secret = hidden.exec(told);
  if (secret !== null) {
    return (
      <span className="fields-value" data-side={side} title={told}>
        <Icon name="key" size={12} /> hidden, {secret[1]} bytes
      </span>
    );
  }
  return told.includes("\n") ? (
    // A long value is scrolled by keys as well.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className="fields-value" data-side={side} tabIndex={0}>
      {told}
    </pre>
  ) : (
    <code className="fields-value" data-side={side}>
      {told === "" ? '""' : told}
    </code>
  );
}
