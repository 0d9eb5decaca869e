/** A difference with its ways to read it: in two columns or one, change by change, with or without what stays the same. */
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";

import { useShortcut } from "@/app/shortcuts";
import { Button, errorToast, IconButton, useToast } from "@/parts";
import { useScrollArea } from "@/parts/scrolling";

import { FoldLine, InlineLine, SplitLine, type DiffShape } from "./DiffLine";
import { folded, inline, type InlineItem, type Item, rowsOf, unified } from "./diffing";
import { Flow, type FlowHandle } from "./Flow";
import { textLines } from "./tokens";

interface DiffViewProps {
  before: readonly string[];
  after: readonly string[];
  /** What the two sides are called. */
  names: readonly [string, string];
  /** At the end of the bar. */
  children?: ReactNode;
}

/** Two columns need so many pixels. */
const broad = 720;

export function DiffView({ before, after, names, children }: DiffViewProps) {
  const area = useScrollArea();
  const say = useToast();
  const flow = useRef<FlowHandle>(null);
  const [chosen, setShape] = useState<DiffShape>();
  const shape = useShape(area, chosen, before.length === 0 || after.length === 0);
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const [all, setAll] = useState(false);
  const [current, setCurrent] = useState(-1);
  const rows = useMemo(() => rowsOf(before, after), [before, after]);
  const isText = useMemo(() => [textLines(before), textLines(after)] as const, [before, after]);
  const items = useMemo<readonly (Item | InlineItem)[]>(() => {
    const found = folded(rows, opened, all ? Infinity : 3);
    return shape === "split" ? found : inline(found);
  }, [rows, opened, all, shape]);
  const changes = useMemo(() => startsOf(items), [items]);
  const folds = items.some((item) => item.kind === "fold");

  const go = (step: 1 | -1) => {
    if (changes.length === 0) return;
    const next =
      current === -1 && step === -1 ? changes.length - 1 : (current + step + changes.length) % changes.length;
    setCurrent(next);
    flow.current?.reveal(changes[next] ?? 0, "center");
  };
  useShortcut("n", "Next change", () => go(1));
  useShortcut("p", "Previous change", () => go(-1));

  const copy = () =>
    void navigator.clipboard.writeText(unified(rows, names)).then(
      () => say({ tone: "good", text: "The difference is copied" }),
      (error: unknown) => say(errorToast(error)),
    );
  const left = (at: number | undefined) => at !== undefined && isText[0][at - 1] === true;
  const right = (at: number | undefined) => at !== undefined && isText[1][at - 1] === true;

  return (
    <div className="diff">
      <div className="code-bar">
        <ShapeChoice shape={shape} onChange={setShape} />
        <span className="code-steps">
          <IconButton icon="up" label="Previous change (p)" onClick={() => go(-1)} />
          <IconButton icon="down" label="Next change (n)" onClick={() => go(1)} />
          <span role="status" className="soft">
            {current === -1 ? `${changes.length} ${changes.length === 1 ? "change" : "changes"}` : null}
            {current !== -1 && `${Math.min(current + 1, changes.length)} of ${changes.length}`}
          </span>
        </span>
        {(folds || all) && (
          <Button look="quiet" aria-pressed={all} onClick={() => setAll(!all)}>
            All lines
          </Button>
        )}
        <span className="code-bar-end">
          <Button look="quiet" icon="copy" onClick={copy}>
            Copy
          </Button>
          {children}
        </span>
      </div>
      <div className="diff-frame">
        <SideNames shape={shape} names={names} />
        <Flow
          ref={flow}
          area={area}
          count={items.length}
          estimate={(index) => (items[index]?.kind === "fold" ? 28 : 20)}
          itemKey={(index) => keyOf(items[index], shape)}
          item={(index) => {
            const item = items[index];
            const here = index === changes[current];
            if (item === undefined) return null;
            if (item.kind === "row") {
              return (
                <SplitLine
                  row={item.row}
                  isText={left(item.row.left?.no) || right(item.row.right?.no)}
                  current={here}
                />
              );
            }
            if (item.kind === "line") {
              return (
                <InlineLine line={item.line} isText={left(item.line.left) || right(item.line.right)} current={here} />
              );
            }
            if (item.kind === "gap") return <FoldLine path={item.path} />;
            return (
              <FoldLine
                lines={item.to - item.from}
                path={item.path}
                onOpen={() => setOpened(new Set([...opened, item.from]))}
              />
            );
          }}
        />
      </div>
    </div>
  );
}

export function ShapeChoice({ shape, onChange }: { shape: DiffShape; onChange: (shape: DiffShape) => void }) {
  return (
    <span className="segments diff-shape" role="group" aria-label="How it is shown">
      <button type="button" aria-pressed={shape === "split"} onClick={() => onChange("split")}>
        Side by side
      </button>
      <button type="button" aria-pressed={shape === "inline"} onClick={() => onChange("inline")}>
        Inline
      </button>
    </span>
  );
}

export function SideNames({ shape, names }: { shape: DiffShape; names: readonly [string, string] }) {
  return (
    <div className="diff-names" data-view={shape}>
      <span>
        <span className="diff-swatch" data-side="removed" aria-hidden="true">
          −
        </span>
        {names[0]}
      </span>
      <span>
        <span className="diff-swatch" data-side="added" aria-hidden="true">
          +
        </span>
        {names[1]}
      </span>
    </div>
  );
}

/** What was chosen; else two columns where there is room for them, and something on both sides. */
export function useShape(area: HTMLElement | null, chosen: DiffShape | undefined, oneSided: boolean): DiffShape {
  const [wide, setWide] = useState(() => (area?.clientWidth ?? 0) >= broad);
  useEffect(() => {
    if (area === null) return undefined;
    const watch = new ResizeObserver(() => setWide(area.clientWidth >= broad));
    watch.observe(area);
    return () => watch.disconnect();
  }, [area]);
  return chosen ?? (wide && !oneSided ? "split" : "inline");
}

/** Where changes begin. */
function startsOf(items: readonly (Item | InlineItem)[]): readonly number[] {
  return items.flatMap((item, at) => ((item.kind === "row" || item.kind === "line") && item.first ? [at] : []));
}

function keyOf(item: Item | InlineItem | undefined, shape: DiffShape): string {
  if (item === undefined) return "";
  if (item.kind === "row") return `${shape} ${item.index}`;
  if (item.kind === "line") return `${item.line.sign} ${item.line.left ?? ""} ${item.line.right ?? ""}`;
  return item.kind === "fold" ? `fold ${item.from}` : "gap";
}
