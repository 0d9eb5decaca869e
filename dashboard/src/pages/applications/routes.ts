import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/applications",
    title: "Applications",
    load: () => import("./Applications"),
    nav: { label: "Applications", icon: "apps", order: 10, chord: "a" },
  },
];
