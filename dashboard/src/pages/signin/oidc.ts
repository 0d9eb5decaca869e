/** The code flow with PKCE, as a public client (RFC 7636; OAuth 2.0 for Browser-Based Apps). What has to be remembered
    until the provider sends the browser back lies in the tab's own storage and is taken from there once. */
import type { OidcOption } from "@/api/types";

interface Begun {
  state: string;
  verifier: string;
  nonce: string;
  next: string;
}

const stored = "mooring.sign-in";

/** Where the provider sends the browser back to. */
export function returnAddress(origin: string): string {
  return `${origin}/auth/callback`;
}

/** Where to send the browser; what is needed afterwards is kept. */
export async function begin(option: OidcOption, next: string): Promise<string> {
  const begun = { state: random(), verifier: random(), nonce: random(), next };
  sessionStorage.setItem(stored, JSON.stringify(begun));
  const address = new URL(option.authorizationEndpoint);
  for (const [name, value] of Object.entries({
    response_type: "code",
    client_id: option.clientId,
    redirect_uri: returnAddress(location.origin),
    scope: option.scopes.join(" "),
    state: begun.state,
    nonce: begun.nonce,
    code_challenge: await challenge(begun.verifier),
    code_challenge_method: "S256",
  })) {
    address.searchParams.set(name, value);
  }
  return address.href;
}

/** What the provider sent the browser back with, turned into an id_token. Raises an `Error` that says what is wrong. */
export async function finish(option: OidcOption, search: string): Promise<{ idToken: string; next: string }> {
  const begun = take();
  const told = new URLSearchParams(search);
  const refused = told.get("error");
  if (refused !== null) throw new Error(told.get("error_description") ?? `The provider answered ${refused}.`);
  if (!begun?.state || told.get("state") !== begun.state) {
    throw new Error("This sign-in was not begun in this tab, or was finished already. Begin anew.");
  }
  const answer = await fetch(option.tokenEndpoint, {
    method: "POST",
    credentials: "omit",
    referrerPolicy: "no-referrer",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: told.get("code") ?? "",
      redirect_uri: returnAddress(location.origin),
      client_id: option.clientId,
      code_verifier: begun.verifier,
    }),
  });
  const given = (await answer.json().catch(() => ({}))) as { id_token?: unknown; error_description?: unknown };
  if (!answer.ok || typeof given.id_token !== "string") {
    const why = typeof given.error_description === "string" ? given.error_description : `it answered ${answer.status}`;
    throw new Error(`The provider gave no token: ${why}`);
  }
  if (claims(given.id_token)["nonce"] !== begun.nonce) {
    throw new Error("The provider's token belongs to another sign-in. Begin anew.");
  }
  return { idToken: given.id_token, next: begun.next };
}

/** The claims of a token, unverified: the API verifies it. */
export function claims(token: string): Readonly<Record<string, unknown>> {
  const part = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  try {
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** The challenge of a verifier, by S256 (RFC 7636, section 4.2). */
export async function challenge(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return base64url(new Uint8Array(digest));
}

function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

function take(): Begun | undefined {
  const text = sessionStorage.getItem(stored);
  sessionStorage.removeItem(stored);
  return text === null ? undefined : (JSON.parse(text) as Begun);
}
