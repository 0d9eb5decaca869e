/** What differs between two syncs, object by object. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { get } from "@/api/client";
import type { Schema } from "@/api/types";
import { ErrorState, Icon, Mark, Skeleton } from "@/parts";
import { Fields } from "@/record/Fields";

import { keyOf, type Named, pathOf } from "../../queries";

const DiffText = lazy(() => import("./DiffText"));

type Compared = Schema<"ComparedObject">;

interface Props {
  named: Named;
  from: string;
  to: string;
}

export const comparisonQuery = (named: Named, from: string, to: string) => ({
  queryKey: keyOf(named, "compare", from, to),
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    get<Schema<"Comparison">>(pathOf(named, "/compare"), { namespace: named.namespace, from, to }, signal),
});

export function Comparing({ named, from, to }: Props) {
  const { data, error, refetch } = useQuery(comparisonQuery(named, from, to));
  if (data === undefined) {
    if (error !== null) return <ErrorState error={error} onRetry={() => void refetch()} />;
    return (
      <div role="status" aria-label="Comparing">
        <Skeleton height="6rem" />
      </div>
    );
  }
  return (
    <section className="comparing" aria-label="What differs">
      <h2>{summaryOf(data)}</h2>
      <ul role="list">
        {data.items.map((each) => (
          <ObjectDiff key={`${each.group}/${each.kind}/${each.namespace}/${each.name}`} object={each} />
        ))}
      </ul>
      {data.leftOut > 0 && <p className="soft">and {data.leftOut} more objects, which are not shown</p>}
    </section>
  );
}

/** "3 objects differ: 1 added, 2 changed; 14 are the same". */
export function summaryOf({ items, leftOut, unchanged }: Schema<"Comparison">): string {
  const count = items.length + leftOut;
  if (count === 0) return `Nothing differs: all ${unchanged} objects are the same`;
  const kinds = (["added", "changed", "removed"] as const).flatMap((kind) => {
    const found = items.filter((each) => each.kindOfChange === kind).length;
    return found === 0 ? [] : [`${found} ${kind}`];
  });
  return `${count} ${count === 1 ? "object differs" : "objects differ"}: ${kinds.join(", ")}; ${unchanged} the same`;
}

const looks = {
  added: { tone: "good", shape: "tick" },
  removed: { tone: "lost", shape: "gone" },
  changed: { tone: "warn", shape: "away" },
} as const;

function ObjectDiff({ object }: { object: Compared }) {
  const [open, setOpen] = useState(false);
  const fields = object.changes.length;
  return (
    <li>
      <button type="button" className="comparing-object" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="comparing-turn" aria-hidden="true">
          <Icon name="chevron" size={12} />
        </span>
        <Mark {...looks[object.kindOfChange]} word={object.kindOfChange} />
        <span className="comparing-name">
          <span className="soft">{object.kind}</span> {object.name}
        </span>
        {fields > 0 && (
          <span className="soft">
            {fields} {fields === 1 ? "field" : "fields"}
          </span>
        )}
      </button>
      {open && object.text !== "" && (
        <Suspense fallback={<Skeleton height="6rem" />}>
          <DiffText text={object.text} />
        </Suspense>
      )}
      {open && object.text === "" && (
        <Fields fields={object.changes} label={`Fields of ${object.kind} ${object.name}`} />
      )}
      {open && object.cut === true && <p className="soft">Its difference is too long to be shown whole.</p>}
    </li>
  );
}
