import { applicationsQuery } from "@/api/queries";
import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/applications",
    title: "Applications",
    load: () => import("./Applications"),
    begin: (queries) => queries.query(applicationsQuery),
    nav: { label: "Applications", icon: "apps", order: 10, chord: "a" },
  },
];
