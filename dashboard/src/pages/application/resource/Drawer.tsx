/** One object beside its application: what it is, what differs, what it says, and what can be done with it. */
import "@/code/code.css";
import "./resource.css";

import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { useLocation, useSearch } from "wouter";

import { ApiError } from "@/api/errors";
import { Boundary } from "@/app/Boundary";
import { Button, EmptyState, ErrorState, HealthMark, IconButton, Skeleton, SyncMark, Tabs } from "@/parts";
import { ScrollArea } from "@/parts/scrolling";

import type { DrawerProps } from "../Application";
import { Actions } from "./acting/Actions";
import { useOpened, writeRef } from "./address";
import { panes } from "./panes";
import { resourceQuery } from "./queries";
import { rowOf } from "./status";

/** Pods come and go without a word to Mooring: what is open is looked at again. */
const again = 10_000;
const narrow = "(width < 48rem)";

export default function Drawer({ application, named, object, pane }: DrawerProps) {
  const { open } = useOpened();
  const [body, setBody] = useState<HTMLElement | null>(null);
  const [whole, setWhole] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const close = () => open(undefined);
  useClosing(close);
  useFocus(heading);
  const { data, error, refetch } = useQuery({ ...resourceQuery(named, object), refetchInterval: again });
  const gone = error instanceof ApiError && error.status === 404;
  const [path] = useLocation();
  const search = useSearch();
  const fitting = data === undefined ? [] : panes.filter((each) => each.fits(data));
  const shown = fitting.find((each) => each.key === pane) ?? (pane === "" ? fitting[0] : undefined);
  const row = rowOf(application, object);
  const health = data?.health?.status ?? row?.health?.status;

  useEffect(() => {
    body?.scrollTo({ top: 0 });
  }, [body, object, pane]);

  return createPortal(
    <aside className="res" data-whole={whole ? "" : undefined} aria-label={`${object.kind} ${object.name}`}>
      <header className="res-head">
        <div className="res-title">
          <p className="soft clip">
            {object.kind}
            {object.namespace !== "" && ` in ${object.namespace}`}
          </p>
          <h2 ref={heading} tabIndex={-1} className="clip" title={writeRef(object)}>
            {object.name}
          </h2>
        </div>
        <span className="res-marks">
          {health !== undefined && <HealthMark value={health} boxed />}
          {row !== undefined && <SyncMark value={row.status} boxed />}
        </span>
        <span className="res-tools">
          {data !== undefined && <Actions application={application} named={named} object={object} resource={data} />}
          <span className="res-expand">
            <IconButton
              icon="expand"
              label={whole ? "Show it beside the application" : "Show it alone"}
              aria-pressed={whole}
              onClick={() => setWhole(!whole)}
            />
          </span>
          <IconButton icon="close" label="Close (Esc)" onClick={close} />
        </span>
      </header>
      {data === undefined ? (
        <div className="res-tabs" aria-hidden />
      ) : (
        <Tabs
          label={`${object.kind} ${object.name}`}
          tabs={fitting.map((each) => ({
            label: each.label,
            href: hrefOf(path, search, each.key === fitting[0]?.key ? "" : each.key),
            current: each === shown,
            ...(each.key === "diff" ? countOf(data.diff?.changes.length) : {}),
          }))}
        />
      )}
      {/* What is long is scrolled by keys as well. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <section className="res-body" ref={setBody} tabIndex={0} aria-label={shown?.label ?? object.name}>
        <ScrollArea value={body}>
          {data === undefined || gone ? (
            error === null ? (
              <Bones />
            ) : (
              <NotShown error={error} onRetry={() => void refetch()} onClose={close} />
            )
          ) : shown === undefined ? (
            <EmptyState
              title={`This ${object.kind} has no such part`}
              icon="question"
              actions={<Button onClick={() => open(object)}>Its summary</Button>}
            />
          ) : (
            body !== null && (
              <Boundary key={`${shown.key} ${writeRef(object)}`}>
                <Suspense fallback={<Bones />}>
                  <shown.Component application={application} named={named} object={object} resource={data} />
                </Suspense>
              </Boundary>
            )
          )}
        </ScrollArea>
      </section>
    </aside>,
    document.body,
  );
}

/** The address of another pane; the options of logs stay, for whoever comes back to them. */
function hrefOf(path: string, search: string, pane: string): string {
  const after = new URLSearchParams(search);
  if (pane === "") after.delete("pane");
  else after.set("pane", pane);
  return `${path}?${after.toString()}`;
}

function countOf(count: number | undefined) {
  return count === undefined || count === 0 ? {} : { count };
}

/** Escape closes, but for where it has something nearer to close or to empty. */
function useClosing(close: () => void): void {
  const latest = useRef(close);
  useEffect(() => {
    latest.current = close;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
      if (document.querySelector("dialog[open], [role=menu]") !== null) return;
      if (event.target instanceof HTMLInputElement && event.target.type !== "checkbox") return;
      latest.current();
    };
    // Before anything on the page, so that a menu which closes itself is still seen.
    document.addEventListener("keydown", press, { capture: true });
    return () => document.removeEventListener("keydown", press, { capture: true });
  }, []);
}

/** The focus comes to the heading, and goes back where it was. Where the page is covered, nothing of it can be reached. */
function useFocus(heading: { current: HTMLElement | null }): void {
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus({ preventScroll: true });
    return () => {
      const there = before instanceof HTMLElement && before.isConnected && before !== document.body;
      (there ? before : document.getElementById("page"))?.focus({ preventScroll: true });
    };
  }, [heading]);
  useEffect(() => {
    const shell = document.querySelector(".shell");
    const media = matchMedia(narrow);
    const cover = () => shell?.toggleAttribute("inert", media.matches);
    cover();
    media.addEventListener("change", cover);
    return () => {
      media.removeEventListener("change", cover);
      shell?.removeAttribute("inert");
    };
  }, []);
}

interface NotShownProps {
  error: unknown;
  onRetry: () => void;
  onClose: () => void;
}

function NotShown({ error, onRetry, onClose }: NotShownProps) {
  if (!(error instanceof ApiError && error.status === 404)) return <ErrorState error={error} onRetry={onRetry} />;
  return (
    <EmptyState
      title="It is not there any more"
      icon="question"
      actions={
        <>
          <Button icon="refresh" onClick={onRetry}>
            Look again
          </Button>
          <Button onClick={onClose}>Close</Button>
        </>
      }
    >
      <p>{error.detail}</p>
      <p>Pods are replaced when their workload changes; look at the application for what took its place.</p>
    </EmptyState>
  );
}

function Bones() {
  return (
    <div className="res-bones" role="status" aria-label="Loading">
      <Skeleton width="60%" />
      <Skeleton width="80%" />
      <Skeleton height="10rem" />
    </div>
  );
}
