/** Events of Kubernetes, newest first; warnings can be told apart at a glance, and be shown alone. */
import "./resource.css";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { EmptyState, Mark, RelativeTime } from "@/parts";
import { AskedList } from "@/parts/AskedList";

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
  const [warnings, setWarnings] = useState(false);
  const { data, error, refetch } = useQuery({ ...eventsQuery(named, object), refetchInterval: 10_000 });
  const bad = data?.items.filter(isWarning).length ?? 0;
  return (
    <AskedList
      name="events"
      small={object !== undefined}
      items={data?.items}
      only={(event) => !warnings || isWarning(event)}
      error={error}
      onRetry={() => void refetch()}
      text={(event) => `${event.reason} ${event.message} ${event.object.kind} ${event.object.name}`}
      none={warnings && bad === 0 ? "No warnings: all events are usual ones." : "No event has these words."}
      empty={
        <EmptyState title="No events" icon="clock">
          <p>
            Kubernetes forgets them after an hour. What Mooring did stands in the history for ever; look at the object
            again after the next change.
          </p>
        </EmptyState>
      }
      bar={
        <span className="segments" role="group" aria-label="Which events">
          <button type="button" aria-pressed={!warnings} onClick={() => setWarnings(false)}>
            All <span className="count">{data?.items.length}</span>
          </button>
          <button type="button" aria-pressed={warnings} onClick={() => setWarnings(true)}>
            Warnings <span className="count">{bad}</span>
          </button>
        </span>
      }
      foot={data !== undefined && data.leftOut > 0 && <p className="soft">{data.leftOut} older ones are left out.</p>}
    >
      {(shown) => (
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
    </AskedList>
  );
}

function isWarning({ type }: Event): boolean {
  return type !== "Normal";
}
