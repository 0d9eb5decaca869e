/** Which pages there are. A page is a folder of `src/pages` with a `routes.ts`, and nothing else lists it. */
import type { QueryClient } from "@tanstack/react-query";
import { type ComponentType, lazy, type LazyExoticComponent } from "react";

import type { IconName } from "@/parts";

/** Parts of the address by their names in `path`, decoded. */
export type PageParams = Readonly<Record<string, string | undefined>>;

export interface PageProps {
  params: PageParams;
}

export interface PageRoute {
  /** A pattern of wouter: `/clusters/:name`, `/applications/:namespace/:name/*?`. */
  path: string;
  /** What the browser's window is called; a page may say more by `useTitle`. */
  title: string;
  load: () => Promise<{ default: ComponentType<PageProps> }>;
  /** Asks for what it shows first, before it is loaded and before it is known who asks. Its own queries find the answer. */
  begin?: (queries: QueryClient) => Promise<unknown>;
  /** Its place in the navigation, if it has one. */
  nav?: PageNav;
}

export interface PageNav {
  label: string;
  icon: IconName;
  /** Pages are listed by it; tens leave room. */
  order: number;
  /** The second key after `g`. */
  chord: string;
}

export interface Page extends PageRoute {
  Component: LazyExoticComponent<ComponentType<PageProps>>;
}

const found = import.meta.glob<{ routes: readonly PageRoute[] }>("../pages/*/routes.ts", { eager: true });

/** Every page; those that fit fewer addresses first. */
export const pages: readonly Page[] = Object.values(found)
  .flatMap((module) => module.routes)
  .map((route) => ({ ...route, Component: lazy(route.load) }))
  .sort((one, other) => looseness(one.path) - looseness(other.path));

/** The pages of the navigation, in its order. */
export const navigation = pages
  .flatMap((page) => (page.nav === undefined ? [] : [{ ...page.nav, path: page.path }]))
  .sort((one, other) => one.order - other.order);

function looseness(path: string): number {
  return path.split("/").reduce((sum, part) => sum + (part.startsWith("*") ? 100 : part.startsWith(":") ? 10 : 0), 0);
}
