/** Dark, light, or what the system says. */
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const stored = "mooring.theme";
const listeners = new Set<() => void>();

function readTheme(): Theme {
  const value = localStorage.getItem(stored);
  return value === "light" || value === "dark" ? value : "system";
}

/** Puts the theme on the document; before anything is drawn, and at each change. */
export function applyTheme(theme: Theme = readTheme()): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, readTheme);
  return [theme, choose];
}

function choose(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(stored);
  else localStorage.setItem(stored, theme);
  applyTheme(theme);
  for (const listener of listeners) listener();
}
