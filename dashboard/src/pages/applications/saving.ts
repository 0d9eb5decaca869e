export interface SavedView {
  name: string;
  /** The address's query, without its question mark. */
  search: string;
}

const stored = "mooring.views";
const listeners = new Set<() => void>();
let text: string | null = null;
let parsed: readonly SavedView[] = [];

/** The views that were saved; the same object while nothing changes. */
export function readSaved(): readonly SavedView[] {
  const now = localStorage.getItem(stored);
  if (now !== text) {
    text = now;
    parsed = parseSaved(now);
  }
  return parsed;
}

export function parseSaved(given: string | null): readonly SavedView[] {
  try {
    const value: unknown = JSON.parse(given ?? "[]");
    return Array.isArray(value) ? value.filter(isView) : [];
  } catch {
    return [];
  }
}

function isView(value: unknown): value is SavedView {
  if (typeof value !== "object" || value === null) return false;
  const { name, search } = value as Record<string, unknown>;
  return typeof name === "string" && typeof search === "string";
}

export function storeSaved(views: readonly SavedView[]): void {
  localStorage.setItem(stored, JSON.stringify(views));
  for (const listener of listeners) listener();
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", listener);
  };
}
