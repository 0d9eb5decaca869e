import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/promotions",
    title: "Promotions",
    load: () => import("./Promotions"),
    nav: { label: "Promotions", icon: "arrow", order: 48, chord: "m" },
  },
  { path: "/promotions/:namespace/:name", title: "Promotion", load: () => import("./Promotion") },
];
