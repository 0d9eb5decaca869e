import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/webhooks",
    title: "Webhooks",
    load: () => import("./Webhooks"),
    nav: { label: "Webhooks", icon: "hook", order: 80, chord: "w" },
  },
];
