import type { ReactNode } from "react";
import { Link } from "wouter";

export interface Tab {
  href: string;
  label: ReactNode;
  count?: number;
  current: boolean;
}

/** Parts of a page that have addresses of their own; hence links, and not ARIA's tabs. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <Link key={tab.href} href={tab.href} aria-current={tab.current ? "page" : undefined}>
          {tab.label}
          {tab.count !== undefined && <span className="count">{tab.count}</span>}
        </Link>
      ))}
    </nav>
  );
}
