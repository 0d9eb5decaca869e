import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/audit",
    title: "Record",
    load: () => import("./Audit"),
    nav: { label: "Record", icon: "clock", order: 95, chord: "h" },
  },
];
