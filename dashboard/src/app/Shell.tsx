/** What is around every page: the way to the others, and the place that scrolls. */
import "./shell.css";

import { type ReactNode, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";

import { useLiveState } from "@/live/live";
import { Icon, IconButton, type IconName } from "@/parts";
import { ScrollArea } from "@/parts/scrolling";

import { AccountMenu } from "./AccountMenu";
import { to } from "./addresses";
import { CommandPalette } from "./CommandPalette";
import { navigation } from "./pages";
import { ShortcutHelp } from "./ShortcutHelp";
import { useShortcut } from "./shortcuts";

type Above = "palette" | "keys" | undefined;

export function Shell({ children }: { children: ReactNode }) {
  const [area, setArea] = useState<HTMLElement | null>(null);
  const [above, setAbove] = useState<Above>();
  const [menuOpen, setMenuOpen] = useState(false);
  const [path] = useLocation();

  useEffect(() => {
    area?.scrollTo({ top: 0 });
  }, [path, area]);

  useShortcut("mod+k", "Go to anything", () => setAbove("palette"));
  useShortcut("?", "Show these keys", () => setAbove("keys"));

  return (
    <div className="shell">
      <a className="skip" href="#page" onClick={(event) => skip(event, area)}>
        Skip to the page
      </a>
      <header className="side" data-open={menuOpen ? "" : undefined}>
        <div className="side-top">
          <Link href={to.applications()} className="brand">
            <Icon name="anchor" size={18} />
            Mooring
          </Link>
          <IconButton icon="search" label="Go to anything (Ctrl+K)" onClick={() => setAbove("palette")} />
          <span className="side-toggle">
            <IconButton
              icon={menuOpen ? "close" : "menu"}
              label={menuOpen ? "Close the navigation" : "Open the navigation"}
              aria-expanded={menuOpen}
              onClick={() => setMenuOpen(!menuOpen)}
            />
          </span>
        </div>
        <nav className="side-nav" aria-label="Mooring">
          <ul role="list">
            {navigation.map((item) => (
              <NavLink
                key={item.path}
                label={item.label}
                icon={item.icon}
                path={path}
                href={item.path}
                onGo={() => setMenuOpen(false)}
              />
            ))}
          </ul>
        </nav>
        <div className="side-foot">
          <LiveNote />
          <AccountMenu onKeys={() => setAbove("keys")} />
        </div>
      </header>
      <main className="page" id="page" tabIndex={-1} ref={setArea}>
        <ScrollArea value={area}>{area !== null && children}</ScrollArea>
      </main>
      {above === "palette" && <CommandPalette onClose={() => setAbove(undefined)} />}
      {above === "keys" && <ShortcutHelp onClose={() => setAbove(undefined)} />}
    </div>
  );
}

interface NavLinkProps {
  href: string;
  path: string;
  label: string;
  icon: IconName;
  onGo: () => void;
}

function NavLink({ href, path, label, icon, onGo }: NavLinkProps) {
  const here = path === href || path.startsWith(`${href}/`);
  return (
    <li>
      <Link href={href} aria-current={here ? "page" : undefined} onClick={onGo}>
        <Icon name={icon} />
        {label}
      </Link>
    </li>
  );
}

function LiveNote() {
  const live = useLiveState();
  return (
    <span className="live-note soft" title={live ? "Changes show at once" : "Changes show within some seconds"}>
      <span className="live-dot" data-live={live ? "" : undefined} aria-hidden="true" />
      {live ? "Live" : "Polling"}
    </span>
  );
}

function skip(event: { preventDefault: () => void }, area: HTMLElement | null): void {
  event.preventDefault();
  area?.focus();
}
