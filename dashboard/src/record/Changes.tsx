/** Which fields an operation changed: bundles are compared when somebody asks, and the answer is waited for. */
import { useMutation, useQuery } from "@tanstack/react-query";

import { change, get } from "@/api/client";
import type { Schema } from "@/api/types";
import { Button, ErrorState, Skeleton } from "@/parts";
import { keyOf, type Named, pathOf } from "@/pages/application/queries";

import { type FieldChange, Fields } from "./Fields";
import { ObjectName } from "./Results";

type Told = Schema<"ChangesOfOperation">;

interface Changed {
  object: string;
  result: string;
  fields: readonly FieldChange[];
}

/** "GROUP/KIND/NAMESPACE/NAME" as its parts. */
function objectOf(path: string) {
  const [group = "", kind = "", namespace = "", ...name] = path.split("/");
  return { group, kind, namespace, name: name.join("/") };
}

export function Changes({ named, operation }: { named: Named; operation: string }) {
  const path = pathOf(named, `/operations/${operation}/changes`);
  const query = { namespace: named.namespace };
  const asking = useMutation({ mutationFn: () => change("POST", path, { query }) });
  const told = useQuery({
    queryKey: keyOf(named, "changes", operation),
    queryFn: ({ signal }) => get<Told>(path, query, signal),
    enabled: asking.isSuccess,
    staleTime: Infinity,
    refetchInterval: ({ state }) => (state.data?.done === true || state.status === "error" ? false : 1_000),
  });
  const error = asking.error ?? told.error;
  if (error !== null) return <ErrorState error={error} onRetry={() => asking.mutate()} />;
  if (asking.isIdle) {
    return (
      <Button icon="diff" onClick={() => asking.mutate()}>
        Which fields changed
      </Button>
    );
  }
  const found = told.data?.found;
  if (found == null) {
    return (
      <div role="status" aria-label="Comparing">
        <Skeleton width="14rem" />
        <p className="soft">Comparing what it brought with what was there before …</p>
      </div>
    );
  }
  if (found.error !== undefined) return <p className="soft">{found.error}</p>;
  const objects = (found.objects ?? []) as unknown as readonly Changed[];
  if (objects.length === 0) return <p className="soft">No field of any object changed.</p>;
  return (
    <section className="record-changes" aria-label="Fields that changed">
      {objects.map((each) => (
        <div key={each.object}>
          <h4>
            <ObjectName object={objectOf(each.object)} /> <span className="soft">{each.result}</span>
          </h4>
          {each.fields.length > 0 ? (
            <Fields fields={each.fields} label={`Fields of ${each.object}`} />
          ) : (
            <p className="soft">It changed as a whole, or in what no bundle holds: opened secrets.</p>
          )}
        </div>
      ))}
      {(found.leftOut ?? 0) > 0 && <p className="soft">and {found.leftOut} more objects</p>}
    </section>
  );
}
