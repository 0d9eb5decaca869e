import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/costs",
    title: "Costs",
    load: () => import("./Costs"),
    nav: { label: "Costs", icon: "coins", order: 90, chord: "o" },
  },
];
