import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/repositories",
    title: "Repositories",
    load: () => import("./Repositories"),
    nav: { label: "Repositories", icon: "branch", order: 70, chord: "r" },
  },
];
