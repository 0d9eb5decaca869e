import type { ApplicationTab } from "../../tabs";

export const tab: ApplicationTab = {
  key: "resources",
  label: "Resources",
  order: 10,
  load: () => import("./Resources"),
  count: ({ status }) => status.resources?.length,
};
