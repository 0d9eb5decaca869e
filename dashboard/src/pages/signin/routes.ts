import type { PageRoute } from "@/app/pages";

export const routes: readonly PageRoute[] = [
  { path: "/sign-in", title: "Sign in", load: () => import("./SignIn") },
  { path: "/auth/callback", title: "Signing in", load: () => import("./Callback") },
];
