import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  {
    path: "/images",
    title: "Images",
    load: () => import("./Images"),
    nav: { label: "Images", icon: "cards", order: 45, chord: "i" },
  },
];
