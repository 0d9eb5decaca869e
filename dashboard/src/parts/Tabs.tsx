import { type ReactNode, useEffect, useRef } from "react";
import { Link } from "wouter";

export interface Tab {
  href: string;
  label: ReactNode;
  count?: number;
  current: boolean;
}

/** Parts of a page that have addresses of their own; hence links, and not ARIA's tabs. Where they have no room, the
    current one is in sight, and the edge beyond which there are more fades. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  const bar = useRef<HTMLElement>(null);
  const current = tabs.find((tab) => tab.current)?.href;
  useEffect(() => {
    const shown = bar.current;
    if (shown === null) return undefined;
    const here = shown.querySelector<HTMLElement>("[aria-current]");
    if (here !== null) shown.scrollLeft = here.offsetLeft - (shown.clientWidth - here.offsetWidth) / 2;
    const fade = () => {
      shown.toggleAttribute("data-before", shown.scrollLeft > 1);
      shown.toggleAttribute("data-after", shown.scrollLeft + shown.clientWidth < shown.scrollWidth - 1);
    };
    const sizes = new ResizeObserver(fade);
    sizes.observe(shown);
    shown.addEventListener("scroll", fade, { passive: true });
    return () => {
      sizes.disconnect();
      shown.removeEventListener("scroll", fade);
    };
  }, [current, tabs.length]);
  return (
    <nav className="tabs" aria-label={label} ref={bar}>
      {tabs.map((tab) => (
        <Link key={tab.href} href={tab.href} aria-current={tab.current ? "page" : undefined}>
          {tab.label}
          {tab.count !== undefined && <span className="count">{tab.count}</span>}
        </Link>
      ))}
    </nav>
  );
}
