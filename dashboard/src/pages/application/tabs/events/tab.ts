import type { ApplicationTab } from "../../tabs";

export const tab: ApplicationTab = {
  key: "events",
  label: "Events",
  order: 50,
  load: () => import("./EventsTab"),
};
