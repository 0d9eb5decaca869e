/** A sync that was asked for and not begun: who wants it, and what it waits for. */
import "./progress.css";

import { Mark, RelativeTime } from "@/parts";

import type { Application } from "./queries";
import { onceOf } from "./status";

const waits = {
  render: "waits for its render",
  operation: "waits for the operation to end",
  turn: "waits for its turn",
};

export function Requested({ application }: { application: Application }) {
  const { requested } = application.status;
  if (requested === undefined) return null;
  const what = requested.dryRun ? "Dry run" : requested.returnsTo === undefined ? "Sync" : "Rollback";
  const to = requested.revisions?.filter(Boolean).join(", ") ?? "";
  const options = onceOf(requested);
  return (
    <section className="progress" aria-label="Request">
      <div className="progress-head">
        <Mark tone="wait" shape="clock" word={what} />
        <span className="progress-message">
          {to === "" ? "" : `to ${to}, `}
          asked for by {requested.by}, {waits[requested.waitsFor]}
          {options !== "" && <span className="soft"> ({options})</span>}
        </span>
        <span className="progress-end soft">
          <RelativeTime at={requested.at} />
        </span>
      </div>
    </section>
  );
}
