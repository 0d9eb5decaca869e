/** Which tabs an application's page has. A tab is a folder of `tabs` with a `tab.ts`, and nothing else lists it. */
import { type ComponentType, lazy, type LazyExoticComponent } from "react";

import type { Application, Named } from "./queries";

export interface TabProps {
  application: Application;
  named: Named;
  /** What follows the tab in the address, decoded: "01J…" of "/history/01J…"; mostly empty. */
  rest: string;
}

export interface ApplicationTab {
  /** Its part of the address. */
  key: string;
  label: string;
  /** Tabs are listed by it; tens leave room. The first is what the page opens with; digits go to each. */
  order: number;
  load: () => Promise<{ default: ComponentType<TabProps> }>;
  /** A number beside its label, if there is something to count. */
  count?: (application: Application) => number | undefined;
}

export interface ShownTab extends ApplicationTab {
  Component: LazyExoticComponent<ComponentType<TabProps>>;
}

const found = import.meta.glob<{ tab: ApplicationTab }>("./tabs/*/tab.ts", { eager: true });

export const tabs: readonly ShownTab[] = Object.values(found)
  .map(({ tab }) => ({ ...tab, Component: lazy(tab.load) }))
  .sort((one, other) => one.order - other.order);
