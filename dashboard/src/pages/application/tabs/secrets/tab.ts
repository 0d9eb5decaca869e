import type { ApplicationTab } from "../../tabs";

export const tab: ApplicationTab = {
  key: "secrets",
  label: "Secrets",
  order: 60,
  load: () => import("./Secrets"),
};
