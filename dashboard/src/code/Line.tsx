import "./code.css";

import { memo } from "react";

import { hiddenIn, piecesOf, type Range, tokensOf } from "./tokens";

interface LineProps {
  text: string;
  /** It is the inside of a text of several lines. */
  isText?: boolean | undefined;
  marks?: readonly Range[];
  /** What `marks` are: words that differ, or words that were searched for. */
  marking?: "changed" | "found" | undefined;
}

const none: readonly Range[] = [];

/** One line of YAML in its colours. */
export const Line = memo(function Line({ text, isText = false, marks = none, marking = "changed" }: LineProps) {
  if (text === "") return "\n"; // an empty line is as high as the others
  return piecesOf(tokensOf(text, isText), marks).map(({ kind, text: piece, marked }, at) => {
    const name = kind === "plain" ? undefined : `code-${kind}`;
    const told = kind === "hidden" ? <HiddenValue text={piece} changed={marked && marking === "changed"} /> : piece;
    return marked && kind !== "hidden" ? (
      <mark key={at} className={name} data-marking={marking}>
        {told}
      </mark>
    ) : (
      <span key={at} className={name}>
        {told}
      </span>
    );
  });
});

/** A value of a Secret is never here: only whether it is the same as another one. */
function HiddenValue({ text, changed }: { text: string; changed: boolean }) {
  const known = hiddenIn(text);
  if (known === undefined) return text;
  return (
    <span title={`Keyed digest ${known.digest}: the same for the same value, of no use to find it out`}>
      {changed ? "changed (value hidden)" : "(value hidden)"} {known.bytes} bytes
    </span>
  );
}
