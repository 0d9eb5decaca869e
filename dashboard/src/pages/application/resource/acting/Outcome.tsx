import { ErrorState, Icon, Mark, Sign } from "@/parts";

import type { Doing } from "./useDoing";

/** How what was asked for gets on, and what became of it. */
export function Outcome({ doing }: { doing: Doing }) {
  if (doing.state === "failed") return <ErrorState error={doing.error} />;
  return (
    <div className="outcome" role="status">
      {doing.state === "asking" && <Mark tone="wait" shape="turning" word="Asking" />}
      {doing.state === "doing" && <Mark tone="wait" shape="turning" word="Asked; the cluster is told" />}
      {doing.state === "done" && (
        <>
          {doing.handling.error === undefined ? (
            <Mark tone="good" shape="tick" word="Done" />
          ) : (
            <>
              <Mark tone="bad" shape="cross" word="Nothing was done" />
              <p>{doing.handling.error}</p>
            </>
          )}
          <ul role="list">
            {doing.handling.done?.map(({ object, result }) => (
              <li key={object} className="res-line">
                <code>{object}</code> {result}
              </li>
            ))}
          </ul>
          {doing.handling.warnings?.map((warning) => (
            <p key={warning} className="outcome-warning">
              <Sign shape="away" />
              <span>{warning}</span>
            </p>
          ))}
          {doing.handling.error === undefined && (
            <p className="soft res-line">
              <Icon name="info" /> It is on record with your name.
            </p>
          )}
        </>
      )}
    </div>
  );
}
