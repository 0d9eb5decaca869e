/** One line of a difference, in two columns or in one. */
import "./code.css";

import type { InlineRow, Row, Side } from "./diffing";
import { Line } from "./Line";

export type DiffShape = "split" | "inline";

interface CellProps {
  side: Side | undefined;
  look: "removed" | "added" | "same";
  isText: boolean;
}

export function SplitLine({ row, isText, current }: { row: Row; isText: boolean; current: boolean }) {
  return (
    <div className="diff-row code" data-view="split" data-current={current ? "" : undefined}>
      <Cell side={row.left} look={row.same ? "same" : "removed"} isText={isText} />
      <Cell side={row.right} look={row.same ? "same" : "added"} isText={isText} />
    </div>
  );
}

function Cell({ side, look, isText }: CellProps) {
  const name = side === undefined ? "absent" : look;
  return (
    <>
      <span className="code-no" data-side={name} aria-hidden="true">
        {side?.no}
      </span>
      <span className="code-cell" data-side={name}>
        {side !== undefined && look !== "same" && <span className="hidden-text">{spoken[look]} </span>}
        {side !== undefined && <Line text={side.text} isText={isText} marks={side.marks} />}
      </span>
    </>
  );
}

export function InlineLine({ line, isText, current }: { line: InlineRow; isText: boolean; current: boolean }) {
  const { sign, side } = line;
  const look = sign === "-" ? "removed" : sign === "+" ? "added" : "same";
  return (
    <div className="diff-row code" data-view="inline" data-current={current ? "" : undefined}>
      <span className="code-no" data-side={look} aria-hidden="true">
        {line.left}
      </span>
      <span className="code-no" data-side={look} aria-hidden="true">
        {line.right}
      </span>
      <span className="diff-sign" data-side={look} aria-hidden="true">
        {sign}
      </span>
      <span className="code-cell" data-side={look}>
        {look !== "same" && <span className="hidden-text">{spoken[look]} </span>}
        <Line text={side.text} isText={isText} marks={side.marks} />
      </span>
    </div>
  );
}

const spoken = { removed: "is live:", added: "in git:" } as const;

/** Lines that are left out; those that are there can be brought back. */
export function FoldLine({ lines, path, onOpen }: { lines?: number; path: string; onOpen?: () => void }) {
  const told = (
    <>
      <span aria-hidden="true">⋯</span>
      {lines === undefined ? "unchanged lines" : `${lines} unchanged lines`}
      {path !== "" && <span className="clip">{path}</span>}
    </>
  );
  if (onOpen === undefined) return <div className="diff-fold">{told}</div>;
  return (
    <button type="button" className="diff-fold" onClick={onOpen}>
      {told}
    </button>
  );
}
