import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/drift",
    title: "Drift",
    load: () => import("./DriftPage"),
    nav: { label: "Drift", icon: "drift", order: 20, chord: "d" },
  },
];
