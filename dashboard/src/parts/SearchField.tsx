import { type RefObject, useRef } from "react";

import { useShortcut } from "@/app/shortcuts";

import { IconButton } from "./Button";
import { Icon } from "./Icon";

interface SearchFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** ArrowDown and Enter lead from here into what was found. */
  onLeave?: () => void;
  ref?: RefObject<HTMLInputElement | null>;
  /** It searches a part of the page, which has a search of its own. */
  small?: boolean;
}

/** The search of a page. `/` leads into it, Escape empties it, then leaves it. */
export function SearchField({ label, value, onChange, onLeave, ref, small = false }: SearchFieldProps) {
  const own = useRef<HTMLInputElement>(null);
  const input = ref ?? own;
  useShortcut("/", label, () => {
    input.current?.focus();
    input.current?.select();
  });
  return (
    <div className="search" role={small ? undefined : "search"}>
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        className="input"
        aria-label={label}
        placeholder={label}
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            if (value === "") input.current?.blur();
            else onChange("");
          } else if (event.key === "ArrowDown" || event.key === "Enter") {
            event.preventDefault();
            onLeave?.();
          }
        }}
      />
      {value === "" ? (
        <kbd className="key" aria-hidden="true">
          /
        </kbd>
      ) : (
        <IconButton icon="close" label="Clear the search" onClick={() => onChange("")} />
      )}
    </div>
  );
}
