/** Until when whoever used this browser last is signed in. The session's cookie is read by no script; this only says that
    it is worth asking for what a page shows before the API has said who asks. It lets nobody in. */

const stored = "mooring.until";

/** Notes what the API says of the session; null where nobody is signed in, or without end. */
export function noteSession(expiresAt: string | null): void {
  if (expiresAt === null) localStorage.removeItem(stored);
  else localStorage.setItem(stored, expiresAt);
}

/** Whether the session that was noted may still hold. */
export function mayBeSignedIn(): boolean {
  return Date.parse(localStorage.getItem(stored) ?? "") > Date.now();
}
