/** The list itself, in each of its three forms, with the keys that go through it. */
import {
  type KeyboardEvent,
  type Ref,
  type RefObject,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";

import { useShortcut } from "@/app/shortcuts";
import { VirtualList, type VirtualListHandle } from "@/parts";

import { fitting, lineOf, lines } from "./laying";
import { ApplicationCard, ApplicationRow, ApplicationTile, GroupHead, TableHead } from "./Rows";
import { type Group, keyOf, type Shown, type View } from "./selecting";
import { sizes, useNarrow } from "./sizes";

export interface FleetHandle {
  /** Leads into the list, as from the search. */
  enter: () => void;
}

interface Props {
  groups: readonly Group[];
  view: View;
  chosen: ReadonlySet<string>;
  onToggle: (keys: readonly string[], on?: boolean) => void;
  ref: Ref<FleetHandle>;
  shown: Shown;
  onShow: (change: Partial<Shown>) => void;
}

export function Fleet({ groups, view, chosen, onToggle, ref, shown, onShow }: Props) {
  const narrow = useNarrow();
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualListHandle>(null);
  const width = useWidth(box);
  const { row, each, gap, heading } = useMemo(() => sizes(view), [view, narrow]); // eslint-disable-line react-hooks/exhaustive-deps -- `sizes` asks for `narrow` itself
  const beside = each === 0 || width === 0 ? 1 : fitting(width, each, gap);
  const made = useMemo(() => lines(groups, beside), [groups, beside]);
  const all = useMemo(() => groups.flatMap((group) => group.rows), [groups]);
  const [at, setAt] = useState(0);

  const go = (place: number) => {
    const wanted = Math.min(Math.max(place, 0), all.length - 1);
    setAt(wanted);
    list.current?.reveal(lineOf(made, wanted), () => {
      box.current?.querySelector<HTMLElement>(`[data-place="${wanted}"]`)?.focus();
    });
  };
  const inside = () => box.current?.contains(document.activeElement) === true;
  const next = (step: number) => go(inside() ? at + step : at);
  useShortcut("j", "Next application", () => next(1));
  useShortcut("k", "Application before", () => next(-1));
  useShortcut("x", "Choose this application", () => {
    const row = all[at];
    if (row !== undefined) onToggle([keyOf(row)]);
  });
  useImperativeHandle(ref, () => ({ enter: () => go(0) }));

  const arrows = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: beside, ArrowUp: -beside };
    if (view !== "table") Object.assign(steps, { ArrowRight: 1, ArrowLeft: -1 });
    const step = steps[event.key];
    if (step === undefined || !(event.target instanceof HTMLElement) || event.target.dataset["place"] === undefined)
      return;
    event.preventDefault();
    go(at + step);
  };

  return (
    // The keys are those of the links in it.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className="apps-list"
      data-view={view}
      ref={box}
      onKeyDown={arrows}
      onFocus={(event) => {
        const place = event.target.dataset["place"];
        if (place !== undefined) setAt(Number(place));
      }}
      {...(view === "table" ? { role: "table", "aria-label": "Applications", "aria-rowcount": all.length + 1 } : {})}
    >
      {view === "table" && <TableHead rows={all} chosen={chosen} onToggle={onToggle} shown={shown} onShow={onShow} />}
      {width > 0 && (
        <VirtualList
          ref={list}
          count={made.length}
          role={view === "table" ? "rowgroup" : "list"}
          itemRole={view === "table" ? "presentation" : "listitem"}
          {...(view === "table" ? {} : { label: "Applications" })}
          size={(index) => (made[index]?.kind === "group" ? heading : row + gap)}
          itemKey={(index) => {
            const line = made[index];
            if (line === undefined) return String(index);
            const first = line.kind === "group" ? undefined : line.rows[0];
            return first === undefined ? `group ${line.kind === "group" ? line.group.name : ""}` : keyOf(first);
          }}
          item={(index) => {
            const line = made[index];
            if (line === undefined) return null;
            if (line.kind === "group")
              return <GroupHead group={line.group} chosen={chosen} onToggle={onToggle} view={view} />;
            return (
              <div className="apps-line" role="presentation" style={{ height: row }}>
                {line.rows.map((application, index) => {
                  const place = line.first + index;
                  const key = keyOf(application);
                  const one = { application, place, chosen: chosen.has(key), onToggle, current: place === at };
                  if (view === "cards") return <ApplicationCard key={key} {...one} />;
                  if (view === "map") return <ApplicationTile key={key} {...one} />;
                  return <ApplicationRow key={key} {...one} />;
                })}
              </div>
            );
          }}
        />
      )}
    </div>
  );
}

function useWidth(box: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const measure = () => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}
