/** One entry of the timeline: a line that tells what, who and why; opened, everything. */
import "@/record/entry.css";

import { type ReactNode, useEffect, useRef } from "react";
import { Link } from "wouter";

import { exactly, Icon, lasting, Mark, phaseLook, RelativeTime } from "@/parts";
import { DriftBody } from "@/record/DriftBody";
import { commitUrl, outside } from "@/record/forge";
import type { Entry } from "@/record/merging";
import { ObjectName } from "@/record/Results";
import {
  causeOf,
  deedOf,
  doneLook,
  type Drift,
  lengthOf,
  mergedOf,
  type Result,
  type Row,
  whatOf,
  whoOf,
} from "@/record/said";

import type { Named } from "../../queries";
import { short } from "../../status";
import { OperationBody } from "./OperationBody";

interface Props {
  entry: Entry;
  named: Named;
  /** Where its line leads: opens it, or closes it. */
  href: string;
  open: boolean;
  /** Changes by hand that this operation put back. */
  reverted: readonly Drift[];
  linkOf: (id: string) => string;
  waveOf: (result: Result) => number | undefined;
}

export function EntryRow({ entry, named, href, open, reverted, linkOf, waveOf }: Props) {
  const ref = useRef<HTMLLIElement>(null);
  const wasOpen = useRef(false);
  useEffect(() => {
    // Whoever comes by an address to an entry far below is brought there; whoever opens one is there already.
    if (open && !wasOpen.current) ref.current?.scrollIntoView({ block: "nearest" });
    wasOpen.current = open;
  }, [open]);
  return (
    <li ref={ref} className="entry" data-open={open ? "" : undefined} data-kind={entry.kind}>
      <div className="entry-line">
        <span className="entry-mark">
          {entry.kind === "operation" ? (
            <Mark {...phaseLook(entry.row.outcome)} word={entry.row.outcome} />
          ) : (
            <Mark {...doneLook(entry.drift.done)} />
          )}
        </span>
        <span className="entry-main">
          <Link href={href} className="entry-title" aria-expanded={open} replace>
            {entry.kind === "operation" ? <OperationTitle row={entry.row} /> : <DriftTitle drift={entry.drift} />}
          </Link>
          <span className="entry-facts soft">
            {entry.kind === "operation" ? <OperationFacts row={entry.row} /> : <DriftFacts drift={entry.drift} />}
          </span>
          {entry.kind === "operation" && !open && <Why row={entry.row} />}
          {entry.kind === "operation" && <Reverted drifts={reverted} linkOf={linkOf} />}
        </span>
        <span className="entry-when soft" title={exactly(Date.parse(entry.at))}>
          <RelativeTime at={entry.at} />
        </span>
      </div>
      {open && (
        <div className="entry-body">
          {entry.kind === "operation" ? (
            <OperationBody row={entry.row} named={named} waveOf={waveOf} />
          ) : (
            <>
              <DriftBody drift={entry.drift} />
              {entry.drift.operation !== "" && (
                <p>
                  It was put back by <Link href={linkOf(entry.drift.operation)}>this operation</Link>.
                </p>
              )}
            </>
          )}
        </div>
      )}
    </li>
  );
}

function OperationTitle({ row }: { row: Row }) {
  const subject = row.commit?.subject ?? "";
  return (
    <>
      <strong>{deedOf(row)}</strong>
      {(row.revision ?? "") !== "" && <code>{(row.revision ?? "").split(",").map(short).join(", ")}</code>}
      {subject !== "" && <span className="entry-subject">{subject}</span>}
    </>
  );
}

function OperationFacts({ row }: { row: Row }) {
  const merged = mergedOf(row);
  const { commit } = row;
  const url = commit == null ? undefined : commitUrl(commit.repository, commit.sha, merged?.url);
  const length = lengthOf(row);
  const reviewers =
    merged?.reviews.filter(({ verdict }) => verdict === "approved").map(({ reviewer }) => reviewer) ?? [];
  const facts: ReactNode[] = [];
  if (commit != null && commit.author !== "") facts.push(<>written by {commit.author}</>);
  if (merged !== undefined) {
    const href = outside(merged.url);
    facts.push(
      <>
        merged by {merged.mergedBy || merged.author}{" "}
        {href === undefined ? `#${merged.number}` : <Outside href={href}>#{merged.number}</Outside>}
      </>,
    );
  }
  if (reviewers.length > 0) facts.push(<>reviewed by {reviewers.join(", ")}</>);
  const cause = causeOf(row);
  if (cause !== "") facts.push(<>started {cause}</>);
  if (length !== undefined) facts.push(<>took {lasting(length)}</>);
  if (url !== undefined) facts.push(<Outside href={url}>commit</Outside>);
  return facts.map((fact, at) => <span key={at}>{fact}</span>);
}

/** Why it failed: nobody should have to open it for that. */
function Why({ row: { outcome, message = "" } }: { row: Row }) {
  if ((outcome !== "Failed" && outcome !== "Error") || message === "") return null;
  return <span className="entry-why">{message}</span>;
}

function Outside({ href, children }: { href: string; children: ReactNode }) {
  return (
    <a href={href} target="_blank" rel="noreferrer">
      {children}
      <Icon name="link" size={12} />
      <span className="hidden-text"> (opens elsewhere)</span>
    </a>
  );
}

function DriftTitle({ drift }: { drift: Drift }) {
  const who = whoOf(drift);
  return (
    <>
      <strong>{who.name}</strong>
      {who.known === "likely" && <span className="tag">likely</span>}
      {who.known === "manager" && <span className="tag">program</span>}
      <span>{whatOf(drift)}</span>
      <ObjectName object={drift.object} />
    </>
  );
}

function DriftFacts({ drift }: { drift: Drift }) {
  const paths = drift.fields.map((each) => each.path).filter((path) => path !== "(object)");
  return (
    <>
      <span>beside git</span>
      {paths.length > 0 && (
        <span className="mono">
          {paths.slice(0, 3).join(", ")}
          {paths.length > 3 && ` and ${paths.length - 3} more`}
        </span>
      )}
    </>
  );
}

/** What was put back, and by whom it had been changed. */
function Reverted({ drifts, linkOf }: { drifts: readonly Drift[]; linkOf: (id: string) => string }) {
  if (drifts.length === 0) return null;
  return (
    <ul className="entry-reverted" role="list" aria-label="What was put back">
      {drifts.slice(0, 5).map((drift) => (
        <li key={drift.id}>
          put back what <Link href={linkOf(drift.id)}>{whoOf(drift).name}</Link> {whatOf(drift)}: {drift.object.kind}{" "}
          {drift.object.name}{" "}
          <span className="mono soft">
            {drift.fields
              .map((each) => each.path)
              .slice(0, 2)
              .join(", ")}
          </span>
        </li>
      ))}
      {drifts.length > 5 && <li className="soft">and {drifts.length - 5} more changes</li>}
    </ul>
  );
}
