/** How the operation that is under way gets on, by phases, waves and hooks; when it is over, what came of it. */
import "./progress.css";

import { useEffect, useState } from "react";
import { Link } from "wouter";

import { to } from "@/app/addresses";
import { IconButton, lasting, Mark, PhaseMark, Sign } from "@/parts";

import { progressOf, type ProgressNow, type Step, stepLook, type StepObject } from "./progressing";
import type { Application, Named } from "./queries";
import { isUnderWay } from "./status";

type Operation = NonNullable<Application["status"]["operationState"]>;

/** Objects that are named one by one. */
const most = 6;

export function Progress({ application, named }: { application: Application; named: Named }) {
  const operation = application.status.operationState;
  const running = isUnderWay(application);
  // An operation that ended while somebody looked on stays until they have seen how; one that failed anyway.
  const [watched, setWatched] = useState<string>();
  const [dismissed, setDismissed] = useState<string>();
  if (running && operation !== undefined && watched !== operation.id) setWatched(operation.id);
  if (operation === undefined || dismissed === operation.id) return null;
  const failed = operation.phase === "Failed" || operation.phase === "Error";
  if (!running && !failed && watched !== operation.id) return null;
  const now = progressOf(application);
  return (
    <section className="progress" aria-label="Operation" data-phase={operation.phase}>
      <Head
        operation={operation}
        running={running}
        now={now}
        named={named}
        onDismiss={() => setDismissed(operation.id)}
      />
      {!running && <Objects label="Failed objects" objects={now.failed} />}
      {now.steps.length > 0 && (running || failed) && (
        <ol className="progress-steps" role="list" aria-label="Phases and waves">
          {now.steps.map((step) => (
            <StepMark key={step.name} step={step} running={running} />
          ))}
        </ol>
      )}
      {running && <Objects label="Failed objects" objects={now.failed} />}
      {running && <Objects label="Under way" objects={now.current} />}
      <p className="hidden-text" role="status">
        {running ? `${now.done} of ${now.total} objects done` : `${operation.phase}: ${operation.message}`}
      </p>
    </section>
  );
}

interface HeadProps {
  operation: Operation;
  running: boolean;
  now: ProgressNow;
  named: Named;
  onDismiss: () => void;
}

function Head({ operation, running, now, named, onDismiss }: HeadProps) {
  const href = to.application(named.namespace, named.name, `timeline/${operation.id}`);
  return (
    <div className="progress-head">
      <PhaseMark value={operation.phase} boxed />
      <span className="progress-message">
        {/* Why it failed stands above, among what to know, and at each object. */}
        {!running && now.failed.length > 0 ? `${now.failed.length} of ${now.total} objects failed` : operation.message}
      </span>
      <span className="progress-end">
        {running && now.total > 0 && (
          <span>
            {now.done} of {now.total}
          </span>
        )}
        <span className="soft">
          {running ? <Elapsed since={operation.startedAt} /> : <Took operation={operation} />}
        </span>
        {!running && <Link href={href}>What it did</Link>}
        {!running && <IconButton icon="close" label="Dismiss what came of the operation" onClick={onDismiss} />}
      </span>
    </div>
  );
}

function Elapsed({ since }: { since: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <time dateTime={since}>{lasting(Math.max(0, Math.floor((now - Date.parse(since)) / 1000) * 1000))}</time>;
}

function Took({ operation }: { operation: Operation }) {
  if (operation.finishedAt === undefined) return null;
  return <>took {lasting(Date.parse(operation.finishedAt) - Date.parse(operation.startedAt))}</>;
}

function StepMark({ step, running }: { step: Step; running: boolean }) {
  const look = stepLook(!running && step.state === "current" ? "waiting" : step.state);
  return (
    <li
      className="progress-step"
      data-tone={look.tone}
      aria-current={running && step.state === "current" ? "step" : undefined}
    >
      <span className="progress-bar" aria-hidden="true">
        <span style={{ width: `${(100 * step.done) / Math.max(step.objects.length, 1)}%` }} />
      </span>
      <span className="progress-name">
        <Sign shape={look.shape} /> {step.name}
      </span>
      <span className="soft">
        {step.done}/{step.objects.length}
        <span className="hidden-text">, {look.word}</span>
      </span>
    </li>
  );
}

function Objects({ label, objects }: { label: string; objects: readonly StepObject[] }) {
  if (objects.length === 0) return null;
  return (
    <ul className="progress-objects" role="list" aria-label={label}>
      {objects.slice(0, most).map((each) => (
        <li key={`${each.kind}/${each.namespace}/${each.name}`}>
          <Mark {...stepLook(each.state)} word={`${each.kind} ${each.name}`} />
          {each.message !== "" && <span className="soft">{each.message}</span>}
        </li>
      ))}
      {objects.length > most && <li className="soft">and {objects.length - most} more</li>}
    </ul>
  );
}
