import type { Repository } from "@/api/lists";
import { Mark } from "@/parts";

/** Whether the host has told of anything lately; nothing for charts, and for who may not see webhooks. */
export function WebhookMark({ repository: { type, heard } }: { repository: Repository }) {
  if (heard === undefined || type !== "git") return <span className="soft">—</span>;
  if (heard === null) return <Mark tone="idle" shape="ask" word="Not heard" />;
  return heard.outcome === "refused" ? (
    <Mark tone="bad" shape="cross" word="Refused" />
  ) : (
    <Mark tone="good" shape="tick" word="Delivers" />
  );
}
