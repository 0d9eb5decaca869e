import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/clusters",
    title: "Clusters",
    load: () => import("./Clusters"),
    nav: { label: "Clusters", icon: "cluster", order: 50, chord: "c" },
  },
  { path: "/clusters/:name", title: "Cluster", load: () => import("./Cluster") },
];
