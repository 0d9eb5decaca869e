/** Every address of this dashboard, made in one place. */
import { withQuery } from "@/api/client";

export interface ApplicationFilters {
  q?: string;
  health?: readonly string[];
  sync?: readonly string[];
  project?: readonly string[];
  cluster?: readonly string[];
  namespace?: readonly string[];
  label?: readonly string[];
}

const part = encodeURIComponent;

export const to = {
  applications: (filters: ApplicationFilters = {}) => withQuery("/applications", { ...filters }),
  /** One application; `rest` names a part of its page, such as "diff" or "history/01J…". */
  application: (namespace: string, name: string, rest = "") =>
    `/applications/${part(namespace)}/${part(name)}${rest === "" ? "" : `/${rest}`}`,
  drift: () => "/drift",
  clusters: () => "/clusters",
  cluster: (name: string) => `/clusters/${part(name)}`,
  projects: () => "/projects",
  project: (name: string) => `/projects/${part(name)}`,
  applicationSets: () => "/applicationsets",
  applicationSet: (namespace: string, name: string) => `/applicationsets/${part(namespace)}/${part(name)}`,
  repositories: () => "/repositories",
  repository: (url: string) => withQuery("/repositories/registration", { url }),
  webhooks: (filters: { repository?: string; outcome?: string } = {}) => withQuery("/webhooks", { ...filters }),
  costs: () => "/costs",
  images: () => "/images",
  promotions: () => "/promotions",
  promotion: (namespace: string, name: string) => `/promotions/${part(namespace)}/${part(name)}`,
  /** Settings of the installation; `rest` names a part of them, such as "access". */
  settings: (rest = "") => (rest === "" ? "/settings" : `/settings/${rest}`),
  /** The way in; `next` is where to go afterwards. */
  signIn: (next = "") => withQuery("/sign-in", { next: next === "/" ? "" : next }),
} as const;

/** An address of this dashboard, or its first page: nobody is sent elsewhere by what stands in an address. */
export function within(next: string | null): string {
  if (next === null || !next.startsWith("/") || /^\/[/\\]/.test(next)) return to.applications();
  try {
    const parsed = new URL(next, "https://here.invalid");
    // A path that comes out as //HOST (of /.//HOST, say) is another site to whoever follows it.
    const here = parsed.origin === "https://here.invalid" && !parsed.pathname.startsWith("//");
    return here ? parsed.pathname + parsed.search : to.applications();
  } catch {
    return to.applications();
  }
}
