/** What the API answers with, as far as pages here read it. */

/** One application in a list, flat (`GET /api/v1/applications?view=summary`). */
export interface ApplicationSummary {
  name: string;
  namespace: string;
  project: string;
  /** The registered cluster's name. */
  cluster: string;
  server: string;
  destinationNamespace: string;
  repoURL: string;
  path: string;
  chart: string;
  targetRevision: string;
  /** How many sources there are; the fields before it are those of the first. */
  sources: number;
  revision: string;
  sync: string;
  health: string;
  /** Phase of the last operation; empty before the first. */
  phase: string;
  message: string;
  labels: Readonly<Record<string, string>>;
  images: readonly string[];
  /** The ApplicationSet that made it; empty for none. */
  set: string;
  changedAt: string | null;
  syncedAt: string | null;
  /** Objects that were changed beside git. */
  drift: number;
  autoSync: boolean;
  deleting: boolean;
  conditions: number;
}

/** Who is signed in (`GET /api/v1/session`). */
export interface Session {
  subject: string;
  name: string;
  groups: readonly string[];
  means: string;
  expiresAt: string | null;
  /** What changing requests send as `x-mooring-csrf`; null for who came with a token. */
  csrfToken: string | null;
  /** Which actions they might do with something of each kind: what else is not worth a button. */
  can: Readonly<Record<string, readonly string[]>>;
}

/** Ways in (`GET /api/v1/login/options`). */
export interface LoginOptions {
  /** Whether a token may be typed: on the local stack only. */
  token: boolean;
  oidc: { issuer: string; clientId: string } | null;
}
