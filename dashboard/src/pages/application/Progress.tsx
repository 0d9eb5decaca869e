import { PhaseMark } from "@/parts";

import type { Application, Named } from "./queries";

/** How the operation that is under way gets on; nothing where none is. */
export function Progress({ application }: { application: Application; named: Named }) {
  const operation = application.status.operationState;
  if (operation === undefined || operation.finishedAt !== undefined) return null;
  return (
    <p className="app-progress">
      <PhaseMark value={operation.phase} boxed /> <span className="soft clip">{operation.message}</span>
    </p>
  );
}
