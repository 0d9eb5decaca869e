import type { ApplicationTab } from "../../tabs";

export const tab: ApplicationTab = {
  key: "changes",
  label: "Changes",
  order: 20,
  load: () => import("./Changes"),
  count: ({ status }) => {
    const count = status.resources?.filter((each) => each.status === "OutOfSync").length ?? 0;
    return count === 0 ? undefined : count;
  },
};
