import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/settings",
    title: "Settings",
    load: () => import("./Settings"),
    nav: { label: "Settings", icon: "settings", order: 100, chord: "e" },
  },
  { path: "/settings/:part", title: "Settings", load: () => import("./Settings") },
];
