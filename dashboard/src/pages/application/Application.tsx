/** One application: what it is and how it is, what can be done with it, and its tabs. */
import "./application.css";

import { useQuery } from "@tanstack/react-query";
import { type ComponentType, lazy, type LazyExoticComponent, Suspense, useEffect, useMemo, useState } from "react";
import { useLocation } from "wouter";

import { to } from "@/app/addresses";
import { Boundary } from "@/app/Boundary";
import type { PageProps } from "@/app/pages";
import { useShortcut } from "@/app/shortcuts";
import { useTitle } from "@/app/title";
import { usePolling } from "@/live/live";
import { EmptyState, ErrorState, LinkButton, Skeleton, Tabs } from "@/parts";

import { Actions } from "./actions/Actions";
import { type Asked, isPending, patience } from "./actions/asked";
import { Header } from "./Header";
import { Progress } from "./Progress";
import { type Application, applicationQuery, type Named } from "./queries";
import { type ObjectRef, useOpened } from "./resource/address";
import { Requested } from "./Requested";
import { isUnderWay, isWaiting } from "./status";
import { type ShownTab, tabs } from "./tabs";

export interface DrawerProps {
  application: Application;
  named: Named;
  object: ObjectRef;
  pane: string;
}

/** `resource/Drawer.tsx` shows the object that the address opens, beside whichever tab there is. */
const drawers = import.meta.glob<{ default: ComponentType<DrawerProps> }>("./resource/Drawer.tsx");
const Drawer: LazyExoticComponent<ComponentType<DrawerProps>> | undefined = Object.values(drawers).map(lazy)[0];

export default function ApplicationPage({ params }: PageProps) {
  const { namespace = "", name = "" } = params;
  const named = useMemo(() => ({ namespace, name }), [namespace, name]);
  const [key = "", ...rest] = (params["*"] ?? "").split("/");
  const tab = key === "" ? tabs[0] : tabs.find((each) => each.key === key);
  const polling = usePolling();
  const [asked, setAsked] = useState<Asked>();
  const { data, error, refetch } = useQuery({
    ...applicationQuery(named),
    refetchInterval: ({ state: { data: known } }) =>
      known !== undefined && (isUnderWay(known) || isWaiting(known) || isPending(asked, known))
        ? Math.min(polling, 2_000)
        : polling,
  });
  useEffect(() => {
    if (asked === undefined) return undefined;
    const timer = setTimeout(() => setAsked(undefined), patience);
    return () => clearTimeout(timer);
  }, [asked]);
  const { object, pane } = useOpened();
  useTitle(tab === undefined || tab === tabs[0] ? name : `${name}: ${tab.label}`);
  if (data === undefined) {
    return error === null ? <Bones name={name} /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  }
  return (
    <>
      <Header
        application={data}
        actions={<Actions application={data} named={named} asked={asked} onAsked={setAsked} />}
      />
      <Requested application={data} />
      <Progress application={data} named={named} />
      <Tabs
        label={name}
        tabs={tabs.map((each) => {
          const count = each.count?.(data);
          const shown = { href: hrefOf(named, each), label: each.label, current: each === tab };
          return count === undefined ? shown : { ...shown, count };
        })}
      />
      {tabs.slice(0, 9).map((each, at) => (
        <TabKey key={each.key} digit={String(at + 1)} label={each.label} href={hrefOf(named, each)} />
      ))}
      {tab === undefined ? (
        <EmptyState
          title="There is no such part of an application"
          icon="question"
          actions={<LinkButton href={to.application(namespace, name)}>Its resources</LinkButton>}
        />
      ) : (
        <Boundary key={`${tab.key} ${namespace}/${name}`}>
          <Suspense fallback={<TabBones />}>
            <tab.Component application={data} named={named} rest={rest.join("/")} />
          </Suspense>
        </Boundary>
      )}
      {object !== undefined && Drawer !== undefined && (
        <Suspense fallback={null}>
          <Drawer application={data} named={named} object={object} pane={pane} />
        </Suspense>
      )}
    </>
  );
}

function hrefOf({ namespace, name }: Named, tab: ShownTab): string {
  return to.application(namespace, name, tab === tabs[0] ? "" : tab.key);
}

function TabKey({ digit, label, href }: { digit: string; label: string; href: string }) {
  const [, go] = useLocation();
  useShortcut(digit, `Show ${label.toLowerCase()}`, () => go(href));
  return null;
}

function Bones({ name }: { name: string }) {
  return (
    <div className="app-head" role="status" aria-label={`Loading ${name}`}>
      <div className="app-head-top">
        <h1 className="clip">{name}</h1>
        <Skeleton width="11rem" height="1.25rem" />
      </div>
      <Skeleton width="min(40rem, 80%)" />
    </div>
  );
}

function TabBones() {
  return (
    <div className="app-tab-bones" role="status" aria-label="Loading">
      <Skeleton width="16rem" height="1.5rem" />
      <Skeleton height="12rem" />
    </div>
  );
}
