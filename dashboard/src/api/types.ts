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
  drift: boolean | number;
  autoSync: boolean;
  conditions: number;
}

/** Who is signed in (`GET /api/v1/session`). */
export interface Session {
  subject: string;
  name: string;
  groups: readonly string[];
  /** What changing requests send as `x-mooring-csrf`. */
  csrf: string;
  expiresAt?: string;
}

/** Ways in (`GET /api/v1/login/options`). */
export interface LoginOptions {
  /** Whether a token may be typed: on the local stack only. */
  token: boolean;
  oidc: OidcOption | null;
}

export interface OidcOption {
  name: string;
  issuer: string;
  clientId: string;
  authorizationEndpoint: string;
  tokenEndpoint: string;
  scopes: readonly string[];
}
