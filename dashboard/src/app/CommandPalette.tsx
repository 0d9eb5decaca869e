/** One field that goes anywhere and does what this page can do: pages, what has a key here, themes, and applications,
    clusters and projects by any part of their name. */
import "./palette.css";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";

import { clustersQuery, projectsQuery } from "@/api/lists";
import { applicationsQuery } from "@/api/queries";
import { Icon, type IconName, Kbd } from "@/parts";
import { useCopying } from "@/parts/Copyable";

import { to } from "./addresses";
import { best, type Candidate } from "./matching";
import { navigation } from "./pages";
import { runShortcut, type Shortcut, useShortcuts } from "./shortcuts";
import { useTheme } from "./theme";

interface Target extends Candidate {
  id: string;
  icon: IconName;
  aside: string;
  keys?: string;
  run: () => void;
}

const most = 12;
/** Keys that lead about a list or a difference: nobody looks for these by name. */
const about = /^(?:[jknpx/?+-]|g .|mod\+.)$/;

export function CommandPalette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [, go] = useLocation();
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useId();
  const queries = useQueryClient();
  const shortcuts = useShortcuts();
  const [, chooseTheme] = useTheme();
  const copy = useCopying();
  // What is known already; a palette that waited would be in the way.
  const applications = useQuery({ ...applicationsQuery, staleTime: Infinity });

  // As in `Dialog`: it gives the focus back while it is still in the page.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);

  const targets = useMemo<readonly Target[]>(() => {
    const place = (kind: string, text: string, icon: IconName, href: string, aside = kind): Target => ({
      id: `${kind} ${href}`,
      text,
      icon,
      aside,
      run: () => go(href),
    });
    const deeds = shortcuts.filter(({ keys }) => !about.test(keys)).map(deedOf);
    const pages = navigation.map((item) => place("Page", item.label, item.icon, item.path));
    const clusters = (queries.getQueryData(clustersQuery.queryKey) ?? []).map(({ name }) =>
      place("Cluster", name, "cluster", to.cluster(name)),
    );
    const projects = (queries.getQueryData(projectsQuery.queryKey) ?? []).map(({ metadata: { name } }) =>
      place("Project", name, "folder", to.project(name)),
    );
    const known = (applications.data ?? []).map(({ namespace, name, cluster }) =>
      place("Application", name, "apps", to.application(namespace, name), cluster),
    );
    return [...deeds, ...pages, ...known, ...clusters, ...projects];
  }, [queries, shortcuts, applications.data, go]);
  const more = useMemo<readonly Target[]>(() => {
    const deed = (text: string, icon: IconName, run: () => void): Target => ({ id: text, text, icon, aside: "", run });
    return [
      deed("Copy the address of this page", "link", () => copy(location.href)),
      deed("Dark colours", "moon", () => chooseTheme("dark")),
      deed("Light colours", "sun", () => chooseTheme("light")),
      deed("Colours of the system", "settings", () => chooseTheme("system")),
    ];
  }, [chooseTheme, copy]);
  const found = useMemo(() => {
    const words = typed.trim();
    if (words === "")
      return targets.filter(({ id, aside }) => aside === "Page" || (aside === "Here" && !/\d/.test(id)));
    const fitting = best([...targets, ...more], words, most);
    if (fitting.length > 0) return fitting;
    const search = `Search applications for “${words}”`;
    const run = () => go(to.applications({ q: words }));
    return [{ id: "search", text: search, icon: "search" as const, aside: "", run }];
  }, [targets, more, typed, go]);
  const chosen = found[Math.min(at, found.length - 1)];
  const open = (target: Target | undefined) => {
    if (target === undefined) return;
    onClose();
    // What it does may open a dialog, and this one has to be gone by then.
    setTimeout(target.run);
  };

  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog
      ref={dialog}
      className="dialog palette"
      aria-label="Go to anything"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="palette-field">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label="Where to go"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={chosen === undefined ? undefined : `${list}-${found.indexOf(chosen)}`}
          aria-autocomplete="list"
          placeholder="Go to anything, or do something here"
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (step !== undefined) {
              event.preventDefault();
              setAt((at + step + found.length) % Math.max(found.length, 1));
            } else if (event.key === "Enter") {
              event.preventDefault();
              open(chosen);
            }
          }}
        />
      </div>
      <div className="palette-list" id={list} role="listbox" aria-label="Found">
        {found.map((target, index) => (
          // The field has the focus, and its keys choose; this is the pointer's way.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={target.id}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={target === chosen}
            ref={target === chosen ? reveal : undefined}
            onClick={() => open(target)}
          >
            <Icon name={target.icon} />
            <span className="clip">{target.text}</span>
            {"keys" in target ? <Kbd keys={target.keys} /> : <span className="count clip">{target.aside}</span>}
          </div>
        ))}
      </div>
      {applications.isPending && (
        <p className="palette-none soft" role="status">
          Applications are on their way.
        </p>
      )}
    </dialog>
  );
}

function reveal(option: HTMLElement | null): void {
  option?.scrollIntoView({ block: "nearest" });
}

function deedOf({ keys, does }: Shortcut): Target {
  return { id: keys, text: does, icon: "bolt", aside: "Here", keys, run: () => runShortcut(keys) };
}
