/** One field that goes anywhere: pages, and applications by any part of their name. */
import "./palette.css";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";

import { applicationsQuery } from "@/api/queries";
import { Icon, type IconName } from "@/parts";

import { to } from "./addresses";
import { best, type Candidate } from "./matching";
import { navigation } from "./pages";

interface Target extends Candidate {
  icon: IconName;
  aside: string;
  href: string;
}

const most = 12;

export function CommandPalette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [, go] = useLocation();
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useId();
  const queries = useQueryClient();

  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);

  const targets = useMemo<readonly Target[]>(() => {
    const pages = navigation.map((item) => ({ text: item.label, icon: item.icon, aside: "Page", href: item.path }));
    // Whatever list there is; a palette that waited would be in the way.
    const applications = (queries.getQueryData(applicationsQuery.queryKey) ?? []).map((each) => ({
      text: each.name,
      icon: "apps" as const,
      aside: each.cluster,
      href: to.application(each.namespace, each.name),
    }));
    return [...pages, ...applications];
  }, [queries]);
  const found = useMemo(() => best(targets, typed, most), [targets, typed]);
  const chosen = found[Math.min(at, found.length - 1)];
  const open = (target: Target | undefined) => {
    if (target === undefined) return;
    onClose();
    go(target.href);
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
          placeholder="Go to a page or an application"
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
            key={target.href}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={target === chosen}
            onClick={() => open(target)}
          >
            <Icon name={target.icon} />
            <span className="clip">{target.text}</span>
            <span className="count clip">{target.aside}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && (
        <p className="palette-none soft" role="status">
          Nothing is called that.
        </p>
      )}
    </dialog>
  );
}
