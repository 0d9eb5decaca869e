import type { ApplicationTab } from "../../tabs";

export const tab: ApplicationTab = {
  key: "history",
  label: "History",
  order: 40,
  load: () => import("./History"),
};
