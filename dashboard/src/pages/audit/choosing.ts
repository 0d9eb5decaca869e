/** Which actions are shown; it stands in the address. */
import { type Row, text } from "@/record/said";

export interface Choice {
  /** Words that have to be in an action: who, which request, which name. */
  q: string;
  since: string;
  /** Only what was refused. */
  refused: boolean;
}

const usual = "7d";

export function readChoice(search: URLSearchParams): Choice {
  return {
    q: search.get("q") ?? "",
    since: search.get("since") ?? usual,
    refused: search.get("refused") === "true",
  };
}

export function writeChoice({ q, since, refused }: Choice): URLSearchParams {
  const search = new URLSearchParams();
  if (q !== "") search.set("q", q);
  if (since !== usual) search.set("since", since);
  if (refused) search.set("refused", "true");
  return search;
}

/** Actions newest first that have all words. A refusal stands for the action that it ended, with what that one told. */
export function select(rows: readonly Row[], { q, refused }: Choice): readonly Row[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const ended = new Set(rows.filter((row) => row.outcome === "refused").map((row) => text(row.told?.["of"])));
  const asked = new Map(rows.filter((row) => ended.has(row.id)).map((row) => [row.id, row.told]));
  return rows
    .filter((row) => !ended.has(row.id))
    .map((row) => ({ ...row, told: { ...asked.get(text(row.told?.["of"])), ...row.told } }))
    .filter((row) => !refused || row.outcome === "refused")
    .filter((row) => {
      const said = `${row.actor} ${row.action} ${row.message ?? ""} ${row.source ?? ""} ${JSON.stringify(row.told)}`;
      return words.every((word) => said.toLowerCase().includes(word));
    })
    .sort((one, other) => (one.id < other.id ? 1 : -1));
}

const api = /^([A-Z]+) \/api\/v1\/(.*)$/;

const signIns: readonly string[] = ["POST /api/v1/login/token", "POST /api/v1/session"];

/** "POST /api/v1/applications/shop/sync" as what it was: "sync of applications/shop"; a document by what it is. */
export function deedOf(action: string, told: Readonly<Record<string, unknown>> = {}): string {
  if (signIns.includes(action)) return "sign in";
  const found = api.exec(action);
  if (found === null) return action;
  const [, method = "", path = ""] = found;
  const [kind = "", name = "", ...more] = path.split("/").map(decode);
  const document = text(told["kind"]) === "" ? kind : `${text(told["kind"])} ${text(told["name"])}`.trim();
  const of = name === "" ? document : `${kind}/${name}`;
  if (more.length > 0 && method === "POST") return `${more.join("/")} of ${of}`;
  const verb = { POST: "declare", PUT: "set", PATCH: "change", DELETE: "delete" }[method] ?? method;
  return `${verb} ${[of, ...more].join("/")}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
