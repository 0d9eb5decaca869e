import type { ApplicationTab } from "../../tabs";

export const tab: ApplicationTab = {
  key: "timeline",
  label: "Timeline",
  order: 30,
  load: () => import("./Timeline"),
};
