/** Which fields an operation changed: bundles are compared when somebody asks. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { get } from "@/api/client";
import type { Schema } from "@/api/types";
import { Button, ErrorState, Skeleton } from "@/parts";
import { keyOf, type Named, pathOf } from "@/pages/application/queries";

import { type FieldChange, Fields } from "./Fields";
import { ObjectName } from "./Results";

/** "GROUP/KIND/NAMESPACE/NAME" as its parts. */
function objectOf(path: string) {
  const [group = "", kind = "", namespace = "", ...name] = path.split("/");
  return { group, kind, namespace, name: name.join("/") };
}

export function Changes({ named, operation }: { named: Named; operation: string }) {
  const [asked, setAsked] = useState(false);
  const told = useQuery({
    queryKey: keyOf(named, "changes", operation),
    queryFn: ({ signal }) =>
      get<Schema<"ChangesOfOperation">>(
        pathOf(named, `/operations/${operation}/changes`),
        { namespace: named.namespace },
        signal,
      ),
    enabled: asked,
    staleTime: "static", // an operation never becomes another one
  });
  if (told.error !== null) return <ErrorState error={told.error} onRetry={() => void told.refetch()} />;
  if (!asked) {
    return (
      <Button icon="diff" onClick={() => setAsked(true)}>
        Which fields changed
      </Button>
    );
  }
  if (told.data === undefined) {
    return (
      <div role="status" aria-label="Comparing">
        <Skeleton width="14rem" />
        <p className="soft">Comparing what it brought with what was there before …</p>
      </div>
    );
  }
  const { objects, leftOut } = told.data;
  if (objects.length === 0) return <p className="soft">No field of any object changed.</p>;
  return (
    <section className="record-changes" aria-label="Fields that changed">
      {objects.map((each) => (
        <div key={each.object}>
          <h4>
            <ObjectName object={objectOf(each.object)} /> <span className="soft">{each.result}</span>
          </h4>
          {each.fields.length > 0 ? (
            <Fields fields={each.fields as readonly FieldChange[]} label={`Fields of ${each.object}`} />
          ) : each.cut === true ? (
            <p className="soft">Its fields don't fit here; compare the two revisions instead.</p>
          ) : (
            <p className="soft">It changed as a whole, or in what no bundle holds: opened secrets.</p>
          )}
        </div>
      ))}
      {leftOut > 0 && <p className="soft">and {leftOut} more objects</p>}
    </section>
  );
}
