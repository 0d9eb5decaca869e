import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  // Its address holds slashes and dots, so it stands behind the question mark.
  { path: "/repositories/registration", title: "Repository", load: () => import("./Repository") },
  {
    path: "/repositories",
    title: "Repositories",
    load: () => import("./Repositories"),
    nav: { label: "Repositories", icon: "branch", order: 70, chord: "r" },
  },
];
