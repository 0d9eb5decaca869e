/** A difference that the API has written as text, in two columns or in one. */
import { useMemo } from "react";

import { FoldLine, InlineLine, SplitLine } from "@/code/DiffLine";
import { inline, readUnified } from "@/code/diffing";
import { useShape } from "@/code/DiffView";
import { useScrollArea } from "@/parts/scrolling";

export default function DiffText({ text }: { text: string }) {
  const area = useScrollArea();
  const items = useMemo(() => readUnified(text), [text]);
  const rows = items.flatMap((item) => (item.kind === "row" ? [item.row] : []));
  const oneSided = rows.every(({ left }) => left === undefined) || rows.every(({ right }) => right === undefined);
  const shape = useShape(area, undefined, oneSided);
  const lines = useMemo(() => (shape === "split" ? items : inline(items)), [items, shape]);
  return (
    <div className="diff-frame">
      {lines.map((item, at) => {
        // Two lines may be the same, and none of them ever moves.
        if (item.kind === "row") return <SplitLine key={at} row={item.row} isText={false} current={false} />;
        if (item.kind === "line") return <InlineLine key={at} line={item.line} isText={false} current={false} />;
        return <FoldLine key={at} path={item.path} />;
      })}
    </div>
  );
}
