import { type KeyboardEvent, type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from "react";

import type { ButtonLook } from "./Button";
import { Icon, type IconName } from "./Icon";

export interface MenuEntry {
  label: ReactNode;
  /** For a label that is more than a text. */
  key?: string;
  icon?: IconName;
  /** Whether it is chosen, in menus that choose. */
  checked?: boolean;
  /** Shown at the end of the line: a count, a key. */
  aside?: ReactNode;
  look?: "danger";
  /** Why it can't be chosen now. */
  disabled?: string | undefined;
  onChoose: () => void;
}

interface MenuProps {
  /** What the button says. */
  label: ReactNode;
  /** Its name, where `label` is no text. */
  name?: string;
  icon?: IconName;
  look?: ButtonLook;
  entries: readonly MenuEntry[];
  to?: "left" | "right";
  /** It stays open while things are chosen. */
  stays?: boolean;
  empty?: string;
}

/** What stays free between a menu and the window's edge, in pixels. */
const edge = 8;

/** A button with a menu, as "Menu Button" of the ARIA Authoring Practices Guide has it. */
export function Menu({ label, name, icon, look = "plain", entries, to = "left", stays = false, empty }: MenuProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return undefined;
    list.current?.querySelector<HTMLElement>(".menu-item")?.focus();
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && box.current?.contains(event.target) !== true) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  // It hangs from its button, but never out of the window.
  useLayoutEffect(() => {
    const shown = list.current;
    if (!open || shown === null) return;
    shown.style.translate = "";
    const { left, right } = shown.getBoundingClientRect();
    const over = Math.min(document.documentElement.clientWidth - edge - right, 0);
    const beyond = left + over < edge ? edge - left : over;
    if (beyond !== 0) shown.style.translate = `${beyond}px`;
  }, [open, entries.length]);

  // What is chosen from may come only after it was opened.
  const filled = entries.length > 0;
  useEffect(() => {
    if (!open || list.current?.contains(document.activeElement) === true) return;
    list.current?.querySelector<HTMLElement>(".menu-item")?.focus();
  }, [open, filled]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };

  const move = (event: KeyboardEvent) => {
    const items = [...(list.current?.querySelectorAll<HTMLElement>(".menu-item") ?? [])];
    const at = items.findIndex((item) => item === document.activeElement);
    const places: Record<string, number> = {
      ArrowDown: (at + 1) % items.length,
      ArrowUp: (at - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    const place = places[event.key];
    if (place !== undefined) {
      event.preventDefault();
      items[place]?.focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") {
      setOpen(false);
    } else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) {
      event.stopPropagation();
      const from = [...items.slice(at + 1), ...items.slice(0, at + 1)];
      from.find((item) => item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    }
  };

  return (
    <div className="menu" ref={box} data-to={to}>
      <button
        ref={button}
        type="button"
        className="button"
        data-look={look}
        data-icon-only={name !== undefined && icon !== undefined && label === null ? "" : undefined}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        title={name}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" && !open) {
            event.preventDefault();
            setOpen(true);
          }
        }}
      >
        {icon !== undefined && <Icon name={icon} />}
        {name !== undefined && <span className="hidden-text">{label === null ? name : `${name}: `}</span>}
        {label}
      </button>
      {open && (
        <div className="menu-list" id={id} role="menu" aria-label={name} tabIndex={-1} ref={list} onKeyDown={move}>
          {entries.length === 0 && (
            <button type="button" className="menu-item soft" role="menuitem" onClick={close}>
              {empty ?? "Nothing to choose"}
            </button>
          )}
          {entries.map((entry) => (
            <button
              key={entry.key ?? (typeof entry.label === "string" ? entry.label : "")}
              type="button"
              className="menu-item"
              data-look={entry.look}
              role={entry.checked === undefined ? "menuitem" : "menuitemcheckbox"}
              aria-checked={entry.checked}
              aria-disabled={entry.disabled === undefined ? undefined : true}
              title={entry.disabled}
              tabIndex={-1}
              onClick={() => {
                if (entry.disabled !== undefined) return;
                entry.onChoose();
                if (!stays) close();
              }}
            >
              {entry.checked !== undefined && (
                <span className="menu-check" aria-hidden="true">
                  {entry.checked ? <Icon name="check" size={14} /> : null}
                </span>
              )}
              {entry.icon !== undefined && <Icon name={entry.icon} />}
              <span className="clip">
                {entry.label}
                {entry.disabled !== undefined && <span className="menu-why">{entry.disabled}</span>}
              </span>
              {entry.aside !== undefined && <span className="count">{entry.aside}</span>}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
