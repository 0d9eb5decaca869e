import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/projects",
    title: "Projects",
    load: () => import("./Projects"),
    nav: { label: "Projects", icon: "folder", order: 30, chord: "p" },
  },
  { path: "/projects/:name", title: "Project", load: () => import("./Project") },
];
