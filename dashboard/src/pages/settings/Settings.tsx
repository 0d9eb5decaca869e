/** What holds for the whole installation, part by part; whoever may not see a part is not offered it. */
import "./settings.css";

import { type ComponentType, useEffect, useRef } from "react";
import { Redirect } from "wouter";

import { to } from "@/app/addresses";
import type { PageProps } from "@/app/pages";
import { useRights } from "@/app/rights";
import { useTitle } from "@/app/title";
import { Tabs } from "@/parts";

import { AccessPart, SettingsPart } from "./Documents";
import { KeysPart } from "./Keys";
import { NotificationsPart } from "./Notifications";
import { SealingPart } from "./Sealing";
import { SessionPart } from "./Session";
import { TokensPart } from "./OwnTokens";

interface Part {
  key: string;
  label: string;
  /** The resource that has to be seen for it, if one has. */
  of?: string;
  Component: ComponentType;
}

const parts: readonly Part[] = [
  { key: "session", label: "My session", Component: SessionPart },
  { key: "tokens", label: "Tokens", Component: TokensPart },
  { key: "general", label: "General", of: "settings", Component: SettingsPart },
  { key: "access", label: "Access", of: "access", Component: AccessPart },
  { key: "notifications", label: "Notifications", of: "notifications", Component: NotificationsPart },
  { key: "sealing", label: "Sealing", of: "sealedsecrets", Component: SealingPart },
  { key: "keys", label: "GPG keys", of: "gpgkeys", Component: KeysPart },
];

export default function Settings({ params }: PageProps) {
  const may = useRights();
  const offered = parts.filter(({ of }) => of === undefined || may(of, "get"));
  const part = offered.find(({ key }) => key === params["part"]);
  useTitle(part === undefined ? "Settings" : `${part.label} · Settings`);
  const tabs = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // In a narrow window the tabs scroll.
    tabs.current?.querySelector("[aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });
  }, [part]);
  if (part === undefined) return <Redirect to={to.settings("session")} replace />;
  return (
    <>
      <div className="page-head">
        <h1>Settings</h1>
      </div>
      <div ref={tabs}>
        <Tabs
          label="Parts of the settings"
          tabs={offered.map(({ key, label }) => ({ href: to.settings(key), label, current: key === part.key }))}
        />
      </div>
      <div className="settings-part">
        <part.Component />
      </div>
    </>
  );
}
