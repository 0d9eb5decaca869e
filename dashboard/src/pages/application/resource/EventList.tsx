/** Events of Kubernetes, newest first; warnings can be told apart at a glance, and be shown alone. */
import "@/code/code.css";
import "./resource.css";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { EmptyState, ErrorState, Mark, RelativeTime, SearchField, Skeleton } from "@/parts";

import type { Named } from "../queries";
import { type ObjectRef, useOpened } from "./address";
import { type Events, eventsQuery } from "./queries";
import { ObjectButton } from "./Summary";

type Event = Events["items"][number];

interface Props {
  named: Named;
  /** All of the application's where none is given. */
  object?: ObjectRef;
}

export function EventList({ named, object }: Props) {
  const { open } = useOpened();
  const [sought, setSought] = useState("");
  const [warnings, setWarnings] = useState(false);
  const { data, error, refetch } = useQuery({ ...eventsQuery(named, object), refetchInterval: 10_000 });
  if (data === undefined) {
    return error === null ? (
      <div role="status" aria-label="Loading">
        <Skeleton height="8rem" />
      </div>
    ) : (
      <ErrorState error={error} onRetry={() => void refetch()} />
    );
  }
  if (data.items.length === 0) {
    return (
      <EmptyState title="No events" icon="clock">
        <p>
          Kubernetes forgets them after an hour. What Mooring did stands in the history for ever; look at the object
          again after the next change.
        </p>
      </EmptyState>
    );
  }
  const bad = data.items.filter(isWarning).length;
  const words = sought.toLowerCase();
  const shown = data.items.filter(
    (event) =>
      (!warnings || isWarning(event)) &&
      `${event.reason} ${event.message} ${event.object.kind} ${event.object.name}`.toLowerCase().includes(words),
  );
  return (
    <div className="events">
      <div className="code-bar">
        <SearchField small={object !== undefined} label="Search events" value={sought} onChange={setSought} />
        <span className="segments" role="group" aria-label="Which events">
          <button type="button" aria-pressed={!warnings} onClick={() => setWarnings(false)}>
            All <span className="count">{data.items.length}</span>
          </button>
          <button type="button" aria-pressed={warnings} onClick={() => setWarnings(true)}>
            Warnings <span className="count">{bad}</span>
          </button>
        </span>
      </div>
      {shown.length === 0 ? (
        <p className="soft events-none" role="status">
          {warnings && bad === 0 ? "No warnings: all events are usual ones." : "No event has these words."}
        </p>
      ) : (
        <ul role="list" className="event-list">
          {shown.map((event, at) => (
            <li
              key={`${event.object.uid} ${event.reason} ${event.first} ${at}`}
              data-warning={isWarning(event) ? "" : undefined}
            >
              <span className="event-what">
                <Mark
                  tone={isWarning(event) ? "warn" : "idle"}
                  shape={isWarning(event) ? "away" : "tick"}
                  word={event.reason}
                  about={event.type}
                />
                {event.count > 1 && <span className="tag">{event.count} times</span>}
              </span>
              <span className="event-time soft">
                <RelativeTime at={event.last} />
              </span>
              <p>{event.message}</p>
              <span className="soft event-about">
                {object === undefined && <ObjectButton object={event.object} onOpen={open} />}
                {event.object.fieldPath !== undefined && <code>{event.object.fieldPath}</code>}
                {event.source}
              </span>
            </li>
          ))}
        </ul>
      )}
      {data.leftOut > 0 && <p className="soft">{data.leftOut} older ones are left out.</p>}
    </div>
  );
}

function isWarning({ type }: Event): boolean {
  return type !== "Normal";
}
