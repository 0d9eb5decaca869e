/** One application as a row, a card or a tile, and what stands above them. */
import { memo } from "react";
import { Link } from "wouter";

import type { ApplicationSummary } from "@/api/types";
import { to } from "@/app/addresses";
import { HealthMark, healthLook, healthOrder, Icon, PhaseMark, RelativeTime, Sign, SyncMark } from "@/parts";

import { type Group, keyOf, placeOf, type Shown, type View } from "./selecting";

type Toggle = (keys: readonly string[], on?: boolean) => void;

interface OneProps {
  application: ApplicationSummary;
  /** Its place among all that are shown. */
  place: number;
  chosen: boolean;
  /** Whether the keys are at it. */
  current: boolean;
  onToggle: Toggle;
}

function addressOf(application: ApplicationSummary): string {
  return to.application(application.namespace, application.name);
}

function Choose({ application, chosen, onToggle }: Pick<OneProps, "application" | "chosen" | "onToggle">) {
  return (
    <input
      type="checkbox"
      className="check"
      aria-label={`Choose ${application.name}`}
      checked={chosen}
      onChange={(event) => onToggle([keyOf(application)], event.target.checked)}
    />
  );
}

function Name({ application, place }: { application: ApplicationSummary; place: number }) {
  return (
    <Link href={addressOf(application)} className="apps-name clip" data-place={place} title={keyOf(application)}>
      {application.name}
    </Link>
  );
}

function Extras({ application }: { application: ApplicationSummary }) {
  return (
    <>
      {application.deleting && <span className="tag">deleting</span>}
      {application.drift > 0 && (
        <span className="tag apps-drift" title={`${application.drift} objects were changed beside git`}>
          <Icon name="drift" size={12} />
          <span className="hidden-text">drifted objects: </span>
          {application.drift}
        </span>
      )}
    </>
  );
}

/** What its revision is, short. */
function Revision({ application }: { application: ApplicationSummary }) {
  const short = /^[0-9a-f]{40,64}$/.test(application.revision)
    ? application.revision.slice(0, 7)
    : application.revision;
  return (
    <span className="clip" title={`${application.targetRevision || "HEAD"} ${application.revision}`}>
      <span className="mono">{short === "" ? "–" : short}</span>
    </span>
  );
}

export const ApplicationRow = memo(function ApplicationRow(props: OneProps) {
  const { application, place, chosen, onToggle } = props;
  return (
    <div className="apps-row" role="row" aria-rowindex={place + 2} data-chosen={chosen ? "" : undefined}>
      <span role="cell">
        <Choose application={application} chosen={chosen} onToggle={onToggle} />
      </span>
      <span role="cell" className="apps-cell-name">
        <Name application={application} place={place} />
        {application.namespace !== "argocd" && <span className="count clip">{application.namespace}</span>}
        <Extras application={application} />
      </span>
      <span role="cell">
        <HealthMark value={application.health} />
      </span>
      <span role="cell">
        {application.phase === "Running" ? <PhaseMark value="Running" /> : <SyncMark value={application.sync} />}
      </span>
      <span role="cell" className="clip soft apps-wide">
        {application.project}
      </span>
      <span role="cell" className="clip soft apps-place">
        {placeOf(application)}
      </span>
      <span role="cell" className="soft apps-wide">
        <Revision application={application} />
      </span>
      <span role="cell" className="soft apps-when">
        <RelativeTime at={application.changedAt} />
      </span>
    </div>
  );
});

export const ApplicationCard = memo(function ApplicationCard(props: OneProps) {
  const { application, place, chosen, onToggle } = props;
  const source = application.chart === "" ? application.path : application.chart;
  return (
    <article className="apps-card card" data-chosen={chosen ? "" : undefined}>
      <header>
        <Name application={application} place={place} />
        <Extras application={application} />
        <Choose application={application} chosen={chosen} onToggle={onToggle} />
      </header>
      <p className="apps-card-marks">
        <HealthMark value={application.health} alone />
        {application.phase === "Running" ? <PhaseMark value="Running" /> : <SyncMark value={application.sync} alone />}
      </p>
      <p className="clip soft">
        {application.project} · {placeOf(application)}/{application.destinationNamespace}
      </p>
      <p className="clip soft" title={application.repoURL}>
        {source === "" ? "." : source}
      </p>
      <p className="apps-card-foot soft">
        <Revision application={application} />
        <RelativeTime at={application.changedAt} />
      </p>
    </article>
  );
});

export const ApplicationTile = memo(function ApplicationTile({ application, place, chosen, current }: OneProps) {
  const { tone, shape } = healthLook(application.health);
  const said = `${application.name}, ${application.health}, ${application.sync}, ${placeOf(application)}`;
  return (
    <Link
      href={addressOf(application)}
      className="tile"
      data-tone={tone}
      data-away={application.sync === "OutOfSync" ? "" : undefined}
      data-chosen={chosen ? "" : undefined}
      data-place={place}
      tabIndex={current ? 0 : -1}
      aria-label={said}
      title={said}
    >
      <Sign shape={shape} size={16} />
    </Link>
  );
});

interface GroupHeadProps {
  group: Group;
  chosen: ReadonlySet<string>;
  onToggle: Toggle;
  view: View;
}

export function GroupHead({ group, chosen, onToggle, view }: GroupHeadProps) {
  const keys = group.rows.map(keyOf);
  const name = group.name === "" ? "Without" : group.name;
  const heading = (
    <div className="apps-group">
      <ChooseAll label={`Choose all of ${name}`} keys={keys} chosen={chosen} onToggle={onToggle} />
      <h2 className="clip">{name}</h2>
      <span className="count">{group.rows.length}</span>
      <Shares rows={group.rows} />
    </div>
  );
  if (view !== "table") return heading;
  return (
    <div role="row">
      <div role="cell">{heading}</div>
    </div>
  );
}

/** How a group is, as a bar; said in words for whoever can't see it. */
function Shares({ rows }: { rows: readonly ApplicationSummary[] }) {
  const counts = healthOrder
    .map((health) => ({ health, count: rows.filter((row) => row.health === health).length }))
    .filter(({ count }) => count > 0);
  const said = counts.map(({ health, count }) => `${count} ${health}`).join(", ");
  return (
    <span className="apps-shares" role="img" aria-label={said} title={said}>
      {counts.map(({ health, count }) => (
        <span key={health} className="tile" data-tone={healthLook(health).tone} style={{ flexGrow: count }} />
      ))}
    </span>
  );
}

interface ChooseAllProps {
  label: string;
  keys: readonly string[];
  chosen: ReadonlySet<string>;
  onToggle: Toggle;
}

function ChooseAll({ label, keys, chosen, onToggle }: ChooseAllProps) {
  const count = keys.filter((key) => chosen.has(key)).length;
  return (
    <input
      type="checkbox"
      className="check"
      aria-label={label}
      checked={count > 0 && count === keys.length}
      ref={(box) => {
        if (box !== null) box.indeterminate = count > 0 && count < keys.length;
      }}
      onChange={(event) => onToggle(keys, event.target.checked)}
    />
  );
}

interface TableHeadProps {
  rows: readonly ApplicationSummary[];
  chosen: ReadonlySet<string>;
  onToggle: Toggle;
  shown: Shown;
  onShow: (change: Partial<Shown>) => void;
}

const columns = [
  { name: "Name", sort: "name", look: "" },
  { name: "Health", sort: "health", look: "" },
  { name: "Sync", sort: "sync", look: "" },
  { name: "Project", sort: "", look: "apps-wide" },
  { name: "Cluster", sort: "", look: "" },
  { name: "Revision", sort: "", look: "apps-wide" },
  { name: "Changed", sort: "changed", look: "" },
] as const;

export function TableHead({ rows, chosen, onToggle, shown, onShow }: TableHeadProps) {
  return (
    <div className="apps-head apps-row" role="row" aria-rowindex={1}>
      <span role="columnheader">
        <ChooseAll label="Choose all that are shown" keys={rows.map(keyOf)} chosen={chosen} onToggle={onToggle} />
      </span>
      {columns.map(({ name, sort, look }) => (
        <span
          key={name}
          role="columnheader"
          className={look}
          aria-sort={sort !== "" && sort === shown.sort ? "ascending" : undefined}
        >
          {sort === "" ? (
            name
          ) : (
            <button type="button" onClick={() => onShow({ sort })}>
              {name}
              {sort === shown.sort && <Icon name="chevron" size={12} />}
            </button>
          )}
        </span>
      ))}
    </div>
  );
}
