/** Everything that is known of one change beside git: its fields, who made it, and how that is known. */
import "./record.css";

import type { Schema } from "@/api/types";
import { Copyable, Icon, RelativeTime } from "@/parts";

import { Fields } from "./Fields";
import { type Drift, personOf, text, whoOf } from "./said";

export function DriftBody({ drift }: { drift: Drift }) {
  const { known } = whoOf(drift);
  return (
    <div className="drift-body">
      {drift.fields.length > 0 && <Fields fields={drift.fields} label="Fields that changed" />}
      {drift.who.map((each) => (
        <Person key={`${each.user} ${each.at} ${each.verb}`} who={each} />
      ))}
      {known === "manager" && (
        <p className="soft">
          Only the name of the program is known. Who it was, the audit log of the cluster tells, once it is connected.
        </p>
      )}
      {known === "nobody" && <p className="soft">Nothing tells who it was: there is no owner of what was removed.</p>}
      <dl className="record-facts">
        <Fact name="Noticed">
          <RelativeTime at={drift.noticedAt} /> by {drift.seenBy === "look" ? "a sync" : `the ${drift.seenBy}`}
        </Fact>
        {drift.endedAt !== "" && (
          <Fact name="Ended">
            <RelativeTime at={drift.endedAt} />
          </Fact>
        )}
        <Fact name="Cluster">{drift.cluster}</Fact>
        <Fact name="Command">
          <Copyable text={`mooring drift show ${drift.id}`} label="Copy the command" />
        </Fact>
      </dl>
    </div>
  );
}

const shown: readonly (readonly [name: string, label: string])[] = [
  ["agent", "Program"],
  ["address", "Address"],
  ["groups", "Groups"],
  ["arn", "IAM identity"],
  ["session", "Session"],
  ["access key", "Access key"],
  ["claims", "Claims"],
];

function Person({ who }: { who: Readonly<Schema<"Person">> }) {
  return (
    <section className="person" aria-label={personOf(who)}>
      <h4>
        <Icon name="user" size={14} /> {personOf(who)}
        <span className="tag">{who.certain ? "certain" : "likely"}</span>
        <span className="soft">
          {who.verb} <RelativeTime at={who.at} />
        </span>
      </h4>
      <dl className="record-facts">
        {shown.map(([name, label]) => {
          const told = text((who as Record<string, unknown>)[name]);
          return told === "" ? null : (
            <Fact key={name} name={label}>
              {told}
            </Fact>
          );
        })}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
