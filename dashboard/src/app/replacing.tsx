/** Registering under a name: what is there already is replaced only by who was told of it, and only as it was then. */
import { change, get, type Query, tagOf } from "@/api/client";
import { ApiError } from "@/api/errors";
import { Button } from "@/parts";

interface Registering {
  /** Where it is put. */
  path: string;
  /** Where what is there is read. */
  read: string;
  query?: Query;
  body: unknown;
  replace: boolean;
}

export async function register<Answer>({ path, read, query = {}, body, replace }: Registering): Promise<Answer> {
  if (!replace) return change<Answer>("PUT", path, { body, fresh: true });
  await get<unknown>(read, query);
  return change<Answer>("PUT", path, { body, match: tagOf(read, query) });
}

interface ReplaceProps {
  error: Error | null;
  busy: boolean;
  onReplace: () => void;
}

/** Offered where something of that name is there. */
export function Replace({ error, busy, onReplace }: ReplaceProps) {
  if (!(error instanceof ApiError && error.taken)) return null;
  return (
    <p>
      <Button look="danger" busy={busy} onClick={onReplace}>
        Replace what is registered
      </Button>
    </p>
  );
}
