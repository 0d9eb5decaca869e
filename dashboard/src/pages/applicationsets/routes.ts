import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/applicationsets",
    title: "ApplicationSets",
    load: () => import("./ApplicationSets"),
    nav: { label: "ApplicationSets", icon: "sets", order: 40, chord: "s" },
  },
  { path: "/applicationsets/:namespace/:name", title: "ApplicationSet", load: () => import("./ApplicationSet") },
];
