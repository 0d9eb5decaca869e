import type { ReactNode } from "react";

import { Icon, type IconName } from "./Icon";
import { Menu } from "./Menu";

export interface FilterOption {
  value: string;
  /** How it is shown, where the value alone says too little. */
  label?: ReactNode;
  count?: number;
}

interface FilterProps {
  name: string;
  icon?: IconName;
  options: readonly FilterOption[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** One filter of which several values may be chosen. */
export function Filter({ name, icon, options, chosen, onChange }: FilterProps) {
  const toggle = (value: string) =>
    onChange(chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value]);
  return (
    <Menu
      name={`Filter by ${name.toLowerCase()}`}
      label={
        <>
          {name}
          {chosen.length > 0 && <span className="count">{chosen.length}</span>}
          <Icon name="chevron" size={12} />
        </>
      }
      {...(icon === undefined ? {} : { icon })}
      stays
      entries={options.map((option) => ({
        key: option.value,
        label: option.label ?? option.value,
        checked: chosen.includes(option.value),
        aside: option.count,
        onChoose: () => toggle(option.value),
      }))}
    />
  );
}

interface ChosenProps {
  name: string;
  value: string;
  onDrop: () => void;
}

/** A filter that is on, and how to take it off. */
export function Chosen({ name, value, onDrop }: ChosenProps) {
  return (
    <span className="chosen">
      <span className="soft">{name}:</span> {value}
      <button type="button" aria-label={`Take away the filter ${name}: ${value}`} onClick={onDrop}>
        <Icon name="close" size={12} />
      </button>
    </span>
  );
}

/** Search, filters and what is chosen of them, above a list. */
export function FilterBar({ children }: { children: ReactNode }) {
  return <div className="filterbar">{children}</div>;
}
