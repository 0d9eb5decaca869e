import { useLocation } from "wouter";

import { navigation, type PageNav } from "./pages";
import { useShortcut } from "./shortcuts";

/** `g` and a letter go to each page of the navigation. */
export function Chords() {
  return navigation.map((item) => <Chord key={item.path} nav={item} path={item.path} />);
}

function Chord({ nav, path }: { nav: PageNav; path: string }) {
  const [, go] = useLocation();
  useShortcut(`g ${nav.chord}`, `Go to ${nav.label}`, () => go(path));
  return null;
}
