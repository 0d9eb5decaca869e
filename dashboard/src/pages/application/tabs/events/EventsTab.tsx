import { EventList } from "../../resource/EventList";
import type { TabProps } from "../../tabs";

/** What Kubernetes tells of the application's objects and of all that they own. */
export default function EventsTab({ named }: TabProps) {
  return <EventList named={named} />;
}
