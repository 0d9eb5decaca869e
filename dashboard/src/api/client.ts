/** How this dashboard asks the API: same origin, with the session's cookie; what changes something proves that it comes
    from this page; what was read once is read again only if it has changed. */
import { ApiError, readError } from "./errors";
import { keeping } from "./kept";

/** Values of a query; what is undefined, empty or false is left out, a list is sent as one value with commas. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** As many as a long day of looking around needs, and no more. */
const kept = keeping();
let proof = "";

/** The session's token against forged requests; the session's own query sets it. */
export function setProof(csrf: string): void {
  proof = csrf;
}

/** Forgets whatever was read: the next reader may be somebody else. */
export function forget(): void {
  kept.clear();
  proof = "";
}

/** The answer to a GET. The same object as before where nothing has changed. Raises `ApiError`. */
export async function get<Value>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Value> {
  const address = withQuery(path, query);
  const known = kept.find(address);
  const headers: Record<string, string> = { accept: "application/json" };
  if (known !== undefined) headers["if-none-match"] = known.tag;
  const answer = await send(address, { headers, cache: "no-store", ...(signal === undefined ? {} : { signal }) });
  if (answer.status === 304 && known !== undefined) {
    kept.keep(address, known.tag, known.value);
    return known.value as Value;
  }
  if (!answer.ok) throw await readError(answer);
  const value = (await answer.json()) as Value;
  const tag = answer.headers.get("etag");
  if (tag !== null) kept.keep(address, tag, value);
  return value;
}

/** The answer to a GET that is not asked for a second time, such as a range of a log: it is not kept. */
export async function read<Value>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Value> {
  const headers = { accept: "application/json" };
  const init: RequestInit = { headers, cache: "no-store", ...(signal === undefined ? {} : { signal }) };
  const answer = await send(withQuery(path, query), init);
  if (!answer.ok) throw await readError(answer);
  return (await answer.json()) as Value;
}

/** The ETag of what was last read from an address: what a change of it is meant for. */
export function tagOf(path: string, query: Query = {}): string | undefined {
  return kept.tagOf(withQuery(path, query));
}

interface Change {
  query?: Query;
  body?: unknown;
  /** ETag of what the change is meant for. */
  match?: string | undefined;
  /** Nothing is changed where something of this name is there. */
  fresh?: boolean;
}

/** Asks for a change. Raises `ApiError`. */
export async function change<Value = unknown>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  { query = {}, body, match, fresh = false }: Change = {},
): Promise<Value> {
  const headers: Record<string, string> = { accept: "application/json", "x-mooring-csrf": proof };
  if (match !== undefined) headers["if-match"] = match;
  if (fresh) headers["if-none-match"] = "*";
  const init: RequestInit = { method, headers };
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  const answer = await send(withQuery(path, query), init);
  if (!answer.ok) throw await readError(answer);
  const text = await answer.text();
  return (text === "" ? {} : JSON.parse(text)) as Value;
}

interface Page<Item> {
  items: Item[];
  metadata?: { continue?: string | null };
}

/** Every item of a list that comes in pages. */
export async function getAll<Item>(path: string, query: Query = {}, signal?: AbortSignal): Promise<readonly Item[]> {
  return (await getWhole<Page<Item>>(path, query, signal)).items;
}

/** A list with what stands beside its items, as if it had come as one page. */
export async function getWhole<List extends Page<unknown>>(
  path: string,
  query: Query = {},
  signal?: AbortSignal,
): Promise<List> {
  const first = await get<List>(path, query, signal);
  if (!first.metadata?.continue) return first;
  const items = [...first.items];
  for (let token: string | null | undefined = first.metadata.continue; token;) {
    const page: List = await get<List>(path, { ...query, continue: token }, signal);
    items.push(...page.items);
    token = page.metadata?.continue;
  }
  return { ...first, items };
}

export function withQuery(path: string, query: Query): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === "" || value === false) continue;
    const text = typeof value === "object" ? value.join(",") : String(value);
    if (text !== "") parts.set(name, text);
  }
  const text = parts.toString();
  return text === "" ? path : `${path}?${text}`;
}

async function send(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, { ...init, credentials: "same-origin", redirect: "error" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, { detail: "The API can't be reached." });
  }
}
