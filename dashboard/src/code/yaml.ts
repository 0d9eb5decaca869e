/** Manifests as YAML: keys always in the same order, so that two of the same thing read the same line by line. */
import { type Pair, stringify } from "yaml";

/** What people look for first; the rest by the alphabet, and what the cluster says of itself last. */
const first = ["apiVersion", "kind", "name", "generateName", "namespace", "metadata", "type", "image", "spec", "data"];
const last = ["status"];

/** The lines of a document, without a line break at the end; none where there is nothing. */
export function linesOf(value: unknown): readonly string[] {
  if (value === null || value === undefined) return [];
  return textOf(value).split("\n").slice(0, -1);
}

function textOf(value: unknown): string {
  return stringify(value, {
    lineWidth: 0,
    blockQuote: "literal",
    aliasDuplicateObjects: false,
    sortMapEntries: inOrder,
  });
}

function inOrder(one: Pair, other: Pair): number {
  const left = String(one.key);
  const right = String(other.key);
  return weight(left) - weight(right) || (left < right ? -1 : left > right ? 1 : 0);
}

function weight(key: string): number {
  if (last.includes(key)) return first.length + 1;
  const at = first.indexOf(key);
  return at === -1 ? first.length : at;
}
