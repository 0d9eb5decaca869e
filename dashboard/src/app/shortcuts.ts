/** Keys that do something anywhere on a page: single ones ("?"), chords ("g a") and combinations ("mod+k").

    They keep quiet while somebody types, and while a dialog or a menu is open. Single keys can be switched off (WCAG 2.2,
    2.1.4): some people's tools type them by themselves. */
import { useEffect, useRef, useSyncExternalStore } from "react";

export interface Shortcut {
  keys: string;
  /** What it does. */
  does: string;
}

interface Entry extends Shortcut {
  run: () => void;
}

const entries = new Map<symbol, Entry>();
const listeners = new Set<() => void>();
let listed: readonly Shortcut[] = [];
let begun: string | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
const stored = "mooring.keys";

/** While the caller is on the page, `keys` do this. The newest owner of a key wins. */
export function useShortcut(keys: string, does: string, run: () => void): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    const id = Symbol(keys);
    entries.set(id, { keys, does, run: () => latest.current() });
    tell();
    return () => {
      entries.delete(id);
      tell();
    };
  }, [keys, does]);
}

/** What can be pressed now. */
export function useShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(subscribe, () => listed);
}

export function singleKeysAreOn(): boolean {
  return localStorage.getItem(stored) !== "off";
}

export function switchSingleKeys(on: boolean): void {
  if (on) localStorage.removeItem(stored);
  else localStorage.setItem(stored, "off");
  tell();
}

/** Does what these keys do, for whoever chose it by its name. */
export function runShortcut(keys: string): void {
  [...entries.values()].findLast((each) => each.keys === keys)?.run();
}

/** Listens to the keyboard until the returned function is called. */
export function listenToKeys(): () => void {
  const press = (event: KeyboardEvent) => {
    const name = keyName(event);
    const combined = name.startsWith("mod+");
    if (!combined && (isTyping(event) || !singleKeysAreOn())) return;
    if (event.isComposing || event.altKey || document.querySelector("dialog[open]") !== null) return;
    const keys = begun === undefined ? name : `${begun} ${name}`;
    begun = undefined;
    clearTimeout(timer);
    const all = [...entries.values()].reverse();
    const entry = all.find((each) => each.keys === keys) ?? all.find((each) => each.keys === name);
    if (entry !== undefined) {
      event.preventDefault();
      entry.run();
    } else if (all.some((each) => each.keys.startsWith(`${name} `))) {
      begun = name;
      timer = setTimeout(() => (begun = undefined), 1200);
    }
  };
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}

export function keyName(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey">): string {
  return event.ctrlKey || event.metaKey ? `mod+${event.key.toLowerCase()}` : event.key;
}

function isTyping(event: KeyboardEvent): boolean {
  const at = event.target;
  if (!(at instanceof HTMLElement)) return false;
  if (at.closest("[role=menu]") !== null || at.isContentEditable) return true;
  if (at instanceof HTMLInputElement) return at.type !== "checkbox" && at.type !== "radio";
  return at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement;
}

function tell(): void {
  const seen = new Map<string, Shortcut>();
  for (const { keys, does } of entries.values()) seen.set(keys, { keys, does });
  listed = [...seen.values()];
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
