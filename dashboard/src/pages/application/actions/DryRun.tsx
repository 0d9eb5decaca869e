import type { Schema } from "@/api/types";
import { PhaseMark } from "@/parts";

import { summed } from "./asked";

/** What a dry run says would become of the objects. */
export function DryRun({ operation }: { operation: Schema<"OperationState"> }) {
  const results = operation.syncResult.resources ?? [];
  const changed = results.filter(({ message, diff }) => diff !== undefined || !message.startsWith("unchanged"));
  return (
    <section className="act-dry" aria-label="Dry run">
      <p role="status">
        <PhaseMark value={operation.phase} boxed /> {operation.message || summed(results) || "nothing to do"}
      </p>
      {changed.length > 0 && (
        <ul className="act-results" role="list">
          {changed.map(({ group = "", kind, namespace, name, message, status, diff }) => (
            <li key={[group, kind, namespace, name].join("/")}>
              <p>
                <span className="soft">{kind}</span> <strong>{name}</strong>{" "}
                <span className={status === "SyncFailed" ? "field-wrong" : "soft"}>{message}</span>
              </p>
              {diff !== undefined && (
                // A wide difference is scrolled by keys as well.
                // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
                <pre tabIndex={0} aria-label={`Difference of ${kind} ${name}`} role="region">
                  {diff.split("\n").map((line, at) => (
                    <span key={at} data-line={line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : ""}>
                      {line}
                      {"\n"}
                    </span>
                  ))}
                </pre>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
