/** The page of one thing: where it belongs, its name, what can be done, and what is known of it, part by part. */
import "./listing.css";

import { Fragment, type ReactNode } from "react";
import { Link } from "wouter";

import { Icon } from "./Icon";

interface SheetHeadProps {
  back: string;
  /** What the way back leads to. */
  of: string;
  title: string;
  mark?: ReactNode;
  children?: ReactNode;
}

export function SheetHead({ back, of, title, mark, children }: SheetHeadProps) {
  return (
    <div className="sheet-head">
      <Link href={back} className="sheet-back">
        <Icon name="back" size={12} />
        {of}
      </Link>
      <div className="page-head">
        <h1>
          {title} {mark}
        </h1>
        {children}
      </div>
    </div>
  );
}

interface SheetProps {
  title: string;
  count?: number;
  /** Over the whole width, beside others that share it. */
  whole?: boolean;
  actions?: ReactNode;
  children: ReactNode;
}

export function Sheet({ title, count, whole = false, actions, children }: SheetProps) {
  return (
    <section className="card sheet" data-whole={whole ? "" : undefined} aria-label={title}>
      <header>
        <h2>
          {title} {count !== undefined && <span className="count">{count}</span>}
        </h2>
        {actions}
      </header>
      {children}
    </section>
  );
}

/** Names and values; what has no value is left out. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false)
        .map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
    </dl>
  );
}

export function Chips({ values, none = "none" }: { values: readonly string[] | null | undefined; none?: string }) {
  if (values == null || values.length === 0) return <span className="soft">{none}</span>;
  return (
    <span className="chips">
      {values.map((value, index) => (
        <span className="tag" key={`${value}${index}`}>
          {value}
        </span>
      ))}
    </span>
  );
}

interface CalloutProps {
  tone: "bad" | "warn" | "good";
  children: ReactNode;
}

export function Callout({ tone, children }: CalloutProps) {
  return (
    <div className="callout" data-tone={tone} role={tone === "bad" ? "alert" : undefined}>
      {children}
    </div>
  );
}

/** A unified diff; what was added and taken away is told by its sign as well as its colour. */
export function Difference({ text, label }: { text: string; label: string }) {
  return (
    // It scrolls by keys as well.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className="block difference" tabIndex={0} role="region" aria-label={label}>
      {text
        .replace(/\n$/, "")
        .split("\n")
        .map((line, index) => (
          <span key={index} data-line={line.charAt(0)}>
            {line === "" ? " " : line}
          </span>
        ))}
    </pre>
  );
}
