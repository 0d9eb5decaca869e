/** What the pieces of a line of YAML are, for their colours. It reads what `yaml.ts` writes and unified differences of the
    API: both are block style, so a line can be read for itself once it is known which lines are text of a block. */

type TokenKind = "plain" | "key" | "mark" | "text" | "number" | "word" | "hidden";

export interface Token {
  kind: TokenKind;
  text: string;
}

/** From one column up to another. */
export type Range = readonly [from: number, to: number];

/** How the API shows a value of a Secret: a keyed digest, the same for the same value. */
const hidden = /\(hmac:([0-9a-f]{8}), (\d+) bytes\)/;
const entry = /^(\s*)((?:- )*)((?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'#[{][^#]*?):)(\s|$)/;
const item = /^(\s*)((?:- )*-?)(\s*)/;

/** Which lines are the inside of a text of several lines (`key: |`). */
export function textLines(lines: readonly string[]): readonly boolean[] {
  let above: number | undefined;
  return lines.map((line) => {
    if (above !== undefined && (line.trim() === "" || indentOf(line) > above)) return true;
    above = /(?:^|[\s:-])[|>][+-]?\d*[+-]?$/.test(line) ? columnOf(line) : undefined;
    return false;
  });
}

/** Columns before the first letter. */
export function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** Where the key of a line begins, behind the dashes of lists. */
function columnOf(line: string): number {
  const found = item.exec(line);
  const dashes = found?.[2] ?? "";
  return dashes === "-" || !entry.test(line) ? indentOf(line) : indentOf(line) + dashes.length;
}

export interface Hidden {
  digest: string;
  bytes: number;
}

/** What is known of a value that is not shown. */
export function hiddenIn(text: string): Hidden | undefined {
  const found = hidden.exec(text);
  return found === null ? undefined : { digest: found[1] ?? "", bytes: Number(found[2]) };
}

export function tokensOf(line: string, isText = false): readonly Token[] {
  if (isText) return valueTokens(line, "text");
  const found = entry.exec(line);
  if (found !== null) {
    const [all, space = "", dashes = "", key = "", after = ""] = found;
    return [
      ...piece("plain", space),
      ...piece("mark", dashes),
      { kind: "key", text: key.slice(0, -1) },
      { kind: "mark", text: `:${after}` },
      ...valueTokens(line.slice(all.length)),
    ];
  }
  const [all = "", space = "", dashes = "", gap = ""] = item.exec(line) ?? [];
  return [...piece("plain", space), ...piece("mark", dashes + gap), ...valueTokens(line.slice(all.length))];
}

function valueTokens(value: string, otherwise?: TokenKind): readonly Token[] {
  const found = hidden.exec(value);
  if (found !== null) {
    return [
      ...piece("text", value.slice(0, found.index)),
      { kind: "hidden", text: found[0] },
      ...piece("text", value.slice(found.index + found[0].length)),
    ];
  }
  return piece(otherwise ?? kindOf(value), value);
}

function kindOf(value: string): TokenKind {
  if (/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value)) return "number";
  if (/^(?:true|false|null|~)$/.test(value)) return "word";
  if (/^(?:[|>][+-]?\d*|\{\}|\[\])$/.test(value)) return "mark";
  return "text";
}

function piece(kind: TokenKind, text: string): readonly Token[] {
  return text === "" ? [] : [{ kind, text }];
}

export interface Piece extends Token {
  /** It is one of the marked ranges. */
  marked: boolean;
}

/** The tokens, cut where a mark begins or ends. Marks are in order and do not overlap. */
export function piecesOf(tokens: readonly Token[], marks: readonly Range[]): readonly Piece[] {
  if (marks.length === 0) return tokens.map((token) => ({ ...token, marked: false }));
  const pieces: Piece[] = [];
  let at = 0;
  for (const { kind, text } of tokens) {
    const end = at + text.length;
    const touching = marks.filter(([from, to]) => from < end && to > at);
    // A hidden value is changed or not; the digits of its digest say nothing.
    const cuts = kind === "hidden" ? [] : touching.flatMap((mark) => mark).filter((cut) => cut > at && cut < end);
    for (const cut of [...cuts, end]) {
      const from = at;
      const marked = touching.some(([start, to]) => (kind === "hidden" ? true : start <= from && to >= cut));
      pieces.push({ kind, text: text.slice(text.length - (end - from), text.length - (end - cut)), marked });
      at = cut;
    }
  }
  return pieces;
}
