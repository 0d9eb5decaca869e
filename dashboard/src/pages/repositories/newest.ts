import type { Repository } from "@/api/lists";
import type { Schema } from "@/api/types";

/** The reference of which something new was seen last. */
export function newestOf({ refs = [] }: Repository): Schema<"SeenRef"> | undefined {
  return refs.reduce<Schema<"SeenRef"> | undefined>(
    (newest, each) => (newest === undefined || each.at > newest.at ? each : newest),
    undefined,
  );
}
