import { EventList } from "./EventList";
import type { PaneProps } from "./panes";

/** What Kubernetes tells of one object. */
export default function EventsPane({ named, object }: PaneProps) {
  return <EventList named={named} object={object} />;
}
