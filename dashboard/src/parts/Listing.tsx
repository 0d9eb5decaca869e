/** A page that is a list: its head with search and filters that stand in the address, its rows, and what it says
    where there are none. Rows are links; `j`, `k` and the arrows go through them. */
import "./listing.css";

import {
  type CSSProperties,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  useDeferredValue,
  useMemo,
  useRef,
  useState,
} from "react";

import { hasWords, useFilters } from "@/app/filters";
import { useShortcut } from "@/app/shortcuts";

import { Button } from "./Button";
import { Chosen, Filter, FilterBar } from "./FilterBar";
import { SearchField } from "./SearchField";
import { EmptyState, ErrorState, Skeleton } from "./States";
import { VirtualList, type VirtualListHandle } from "./VirtualList";

export interface ListColumn<Row> {
  head: string;
  cell: (row: Row) => ReactNode;
  /** A track of CSS grid: "minmax(10rem, 2fr)". */
  width: string;
  /** Left out where the window is narrow. */
  wide?: boolean;
  end?: boolean;
  /** Its heading is said, and not shown: the column shows by itself what it is. */
  plain?: boolean;
}

interface ListFilter<Row> {
  /** In the address. */
  name: string;
  label: string;
  of: (row: Row) => readonly string[];
  show?: (value: string) => ReactNode;
}

interface Asked<Row> {
  data: readonly Row[] | undefined;
  isPending: boolean;
  isError: boolean;
  error: unknown;
  refetch: () => unknown;
}

interface RowsProps<Row> {
  label: string;
  columns: readonly ListColumn<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
}

interface ListingProps<Row> extends Omit<RowsProps<Row>, "rows" | "label"> {
  title: string;
  asked: Asked<Row>;
  /** What search looks at. */
  text: (row: Row) => string;
  filters?: readonly ListFilter<Row>[];
  actions?: ReactNode;
  /** Shown where there is nothing at all: what to do first. */
  empty: ReactNode;
  /** Between the head and the list. */
  children?: ReactNode;
}

export function Listing<Row>(props: ListingProps<Row>) {
  const { title, asked, text, filters = [], actions, empty, children, ...rest } = props;
  const shown = useFilters(filters.map((each) => each.name));
  const late = useDeferredValue(shown);
  const all = useMemo(() => asked.data ?? [], [asked.data]);
  const rows = all.filter(
    (row) =>
      (late.q === "" || hasWords(text(row), late.q)) &&
      filters.every(({ name, of }) => {
        const chosen = late.of(name);
        return chosen.length === 0 || of(row).some((each) => chosen.includes(each));
      }),
  );
  const list = useRef<HTMLDivElement>(null);
  return (
    <>
      <div className="page-head">
        <h1>
          {title}
          <span className="count" role="status">
            {asked.data === undefined
              ? ""
              : rows.length === all.length
                ? all.length
                : `${rows.length} of ${all.length}`}
          </span>
        </h1>
        <SearchField
          label={`Search ${/[a-z][A-Z]/.test(title) ? title : title.toLowerCase()}`}
          value={shown.q}
          onChange={(q) => shown.set("q", q)}
          onLeave={() => list.current?.querySelector<HTMLElement>("a, button")?.focus()}
        />
        {actions}
      </div>
      {filters.length > 0 && all.length > 0 && (
        <FilterBar>
          {filters.map(({ name, label, of, show }) => (
            <Filter
              key={name}
              name={label}
              options={counted(all, of).map(([value, count]) => ({ value, count, label: show?.(value) ?? value }))}
              chosen={shown.of(name)}
              onChange={(values) => shown.set(name, values)}
            />
          ))}
          {filters.flatMap(({ name, label }) =>
            shown.of(name).map((value) => (
              <Chosen
                key={`${name} ${value}`}
                name={label}
                value={value}
                onDrop={() =>
                  shown.set(
                    name,
                    shown.of(name).filter((each) => each !== value),
                  )
                }
              />
            )),
          )}
        </FilterBar>
      )}
      {children}
      {asked.isPending && <RowBones />}
      {asked.isError && all.length === 0 && <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data?.length === 0 && empty}
      {all.length > 0 && rows.length === 0 && (
        <EmptyState
          icon="filter"
          title="Nothing fits"
          actions={<Button onClick={shown.clear}>Show all {all.length}</Button>}
        >
          <p>Nothing here has all of what is searched for and filtered by.</p>
        </EmptyState>
      )}
      {rows.length > 0 && (
        <div ref={list}>
          <Rows label={title} rows={rows} {...rest} />
        </div>
      )}
    </>
  );
}

/** As many rows as there are; of long lists only those in sight exist. */
export function Rows<Row>({ label, columns, rows, rowKey }: RowsProps<Row>) {
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualListHandle>(null);
  const [at, setAt] = useState(0);
  const size = rowSize();
  const go = (place: number) => {
    const wanted = Math.min(Math.max(place, 0), rows.length - 1);
    setAt(wanted);
    const focus = () => box.current?.querySelector<HTMLElement>(`[data-row="${wanted}"] :is(a, button)`)?.focus();
    if (list.current === null) focus();
    else list.current.reveal(wanted, focus);
  };
  const inside = () => box.current?.contains(document.activeElement) === true;
  useShortcut("j", "Next row", () => go(inside() ? at + 1 : at));
  useShortcut("k", "Row before", () => go(inside() ? at - 1 : at));
  const arrows = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 || !(event.target instanceof HTMLElement) || event.target.closest("[role=menu]") !== null) return;
    event.preventDefault();
    go(at + step);
  };
  const tracks = (some: readonly ListColumn<Row>[]) => some.map((column) => column.width).join(" ");
  const style = {
    "--wide": tracks(columns),
    "--narrow": tracks(columns.filter((column) => column.wide !== true)),
  } as CSSProperties;
  const drawn = (row: Row, index: number) => (
    <div className="listing-row" role="row" data-row={index} style={{ height: size }} onFocus={() => setAt(index)}>
      {columns.map((column) => (
        <div
          key={column.head}
          role="cell"
          data-wide={column.wide === true ? "" : undefined}
          data-end={column.end === true ? "" : undefined}
          onPointerEnter={tell}
        >
          {column.cell(row)}
        </div>
      ))}
    </div>
  );
  return (
    // The keys are those of the links in it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      className="listing"
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      ref={box}
      style={style}
      onKeyDown={arrows}
    >
      <div role="rowgroup">
        <div className="listing-row listing-head" role="row">
          {columns.map((column) => (
            <div
              key={column.head}
              role="columnheader"
              data-wide={column.wide === true ? "" : undefined}
              data-end={column.end === true ? "" : undefined}
            >
              {column.plain === true ? <span className="hidden-text">{column.head}</span> : column.head}
            </div>
          ))}
        </div>
      </div>
      {rows.length > plainly ? (
        <VirtualList
          ref={list}
          role="rowgroup"
          itemRole="presentation"
          count={rows.length}
          size={() => size}
          itemKey={(index) => {
            const row = rows[index];
            return row === undefined ? String(index) : rowKey(row);
          }}
          item={(index) => {
            const row = rows[index];
            return row === undefined ? null : drawn(row, index);
          }}
        />
      ) : (
        <div role="rowgroup">
          {rows.map((row, index) => (
            <div key={rowKey(row)} role="presentation">
              {drawn(row, index)}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

/** What a cell has no room for is told where the pointer rests. */
function tell({ currentTarget: cell }: PointerEvent<HTMLElement>): void {
  const cut = [cell, ...cell.querySelectorAll<HTMLElement>("*")].some(
    (each) => each.scrollWidth > each.clientWidth + 1,
  );
  if (cut) cell.title = cell.innerText;
  else cell.removeAttribute("title");
}

/** Rows that are drawn as they are; more are drawn as they come into sight. */
const plainly = 60;

function rowSize(): number {
  return matchMedia("(pointer: coarse)").matches ? 52 : 44;
}

export function RowBones() {
  return (
    <div className="listing listing-bones" role="status" aria-label="Loading">
      {[68, 54, 61, 47, 58].map((width) => (
        <Skeleton key={width} width={`${width}%`} />
      ))}
    </div>
  );
}

function counted<Row>(rows: readonly Row[], of: (row: Row) => readonly string[]): (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const value of rows.flatMap(of)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([one], [other]) => one.localeCompare(other));
}
