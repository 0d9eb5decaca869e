/** Where in a YAML text something is that the API names: `spec.roles[0].name`, `data[policy.csv] line 3`. */
import { isNode, LineCounter, parseDocument, Scalar } from "yaml";

export interface Read {
  value: unknown;
  /** What is wrong with the text itself, and on which line, from 1. */
  wrong?: { message: string; line: number };
}

export function readYaml(text: string): Read {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const first = document.errors[0];
  if (first !== undefined) {
    return { value: undefined, wrong: { message: first.message, line: lines.linePos(first.pos[0]).line } };
  }
  return { value: document.toJS() as unknown };
}

/** The line of a field, from 1; of the closest thing around it, where it isn't written itself. */
export function lineOf(text: string, field: string): number | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const within = /\bline (\d+)/.exec(field);
  const path = pathOf(field.replace(/,?\s*\bline \d+.*$/, ""));
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (!isNode(node) || node.range == null) continue;
    const line = lines.linePos(node.range[0]).line;
    if (within === null || length < path.length) return line;
    const block = node instanceof Scalar && (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED");
    return line + Number(within[1]) - (block ? 0 : 1);
  }
  return undefined;
}

/** `data[policy.csv]` has a name with dots in brackets; `roles[0]` a place. */
function pathOf(field: string): (string | number)[] {
  return [...field.matchAll(/\[([^\]]*)\]|([^.[\]\s]+)/g)].map(([, inside, name]) => {
    const part = inside ?? name ?? "";
    return /^\d+$/.test(part) ? Number(part) : part.replace(/^["']|["']$/g, "");
  });
}
