/** Who set which field: at once by the object's managed fields; on demand by commit and person. */
import { useMutation } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";

import { read } from "@/api/client";
import type { Schema } from "@/api/types";
import { Flow } from "@/code/Flow";
import { Button, EmptyState, errorToast, RelativeTime, SearchField, useToast } from "@/parts";
import { useScrollArea } from "@/parts/scrolling";

import { short } from "../status";
import { pathOf } from "../queries";
import type { PaneProps } from "./panes";

interface Field {
  path: string;
  manager: string;
  operation: string;
  subresource: string;
  time: string;
  value?: unknown;
  commit?: Commit;
  who?: readonly { user?: string; certain?: boolean }[];
}

interface Commit {
  sha?: string;
  revision?: string;
  subject?: string;
  author?: string;
  synced?: string;
  orEarlier?: boolean;
  request?: { number?: number; title?: string } | null;
}

export default function FieldsPane({ named, object, resource }: PaneProps) {
  const area = useScrollArea();
  const say = useToast();
  const [sought, setSought] = useState("");
  const ends = useRef<AbortController>(undefined);
  useEffect(() => () => ends.current?.abort(), []);
  const asking = useMutation({
    mutationFn: () => {
      ends.current = new AbortController();
      const { group, kind, namespace, name } = object;
      const query = { namespace: named.namespace, group, kind, resourceNamespace: namespace, resourceName: name };
      return read<Schema<"Blamed">>(pathOf(named, "/blame"), query, ends.current.signal);
    },
    onError: (error) => say(errorToast(error)),
  });
  const known = asking.data?.fields as readonly Field[] | undefined;
  const fields: readonly Field[] = known ?? resource.fields;
  const shown = useMemo(() => {
    const words = sought.toLowerCase();
    return [...fields]
      .filter(({ path, manager }) => `${path} ${manager}`.toLowerCase().includes(words))
      .sort((one, other) => (one.path < other.path ? -1 : 1));
  }, [fields, sought]);
  if (resource.fields.length === 0) {
    return (
      <EmptyState title="Nobody is known to have set a field" icon="user">
        <p>The API server keeps no managed fields of it, or they would tell what is secret.</p>
      </EmptyState>
    );
  }
  return (
    <div className="fields">
      <div className="code-bar">
        <SearchField small label="Search fields" value={sought} onChange={setSought} />
        <span className="code-bar-end">
          {known === undefined ? (
            <Button icon="user" busy={asking.isPending} onClick={() => asking.mutate()}>
              {asking.isPending ? "Looking through commits" : "Find commits and people"}
            </Button>
          ) : (
            <span className="soft" role="status">
              With commits and people
            </span>
          )}
        </span>
      </div>
      <div className="diff-frame">
        <Flow
          area={area}
          count={shown.length}
          estimate={() => 46}
          itemKey={(index) => `${shown[index]?.path ?? ""} ${shown[index]?.manager ?? ""} ${index}`}
          item={(index) => {
            const field = shown[index];
            return field === undefined ? null : <FieldRow field={field} />;
          }}
        />
      </div>
    </div>
  );
}

function FieldRow({ field }: { field: Field }) {
  const { path, manager, subresource, time, value, commit, who = [] } = field;
  const people = [...new Set(who.map(({ user = "", certain }) => `${user}${certain === false ? "?" : ""}`))];
  return (
    <div className="field-row">
      <span className="field-path">
        <code>{path}</code>
        {value !== undefined && (
          <code className="soft clip">{typeof value === "string" ? value : JSON.stringify(value)}</code>
        )}
      </span>
      <span className="field-who">
        {commit !== undefined ? (
          <>
            <strong>{commit.author}</strong> <code title={revisionOf(commit)}>{short(revisionOf(commit))}</code>
            {commit.orEarlier === true && " or earlier"} <span className="soft">{commit.subject}</span>
            {commit.request?.number !== undefined && (
              <span className="soft">
                {" "}
                (#{commit.request.number} {commit.request.title})
              </span>
            )}
          </>
        ) : (
          <>
            <strong>{people.length > 0 ? people.join(" or ") : manager}</strong>
            {people.length > 0 && <span className="soft"> with {manager}</span>}
            {subresource !== "" && <span className="soft"> ({subresource})</span>}
          </>
        )}
        {(commit?.synced ?? time) !== "" && (
          <span className="soft">
            {" "}
            <RelativeTime at={commit?.synced ?? time} />
          </span>
        )}
      </span>
    </div>
  );
}

function revisionOf({ sha = "", revision = "" }: Commit): string {
  return sha === "" ? revision : sha;
}
