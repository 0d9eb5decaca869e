import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/applications/:namespace/:name/*?",
    title: "Application",
    load: () => import("./Application"),
  },
];
