/** Settings that are ConfigMaps: shown key by key, edited as YAML, written only over what was read. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { stringify } from "yaml";

import { change, get, tagOf } from "@/api/client";
import type { ConfigMap } from "@/api/lists";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { useRights } from "@/app/rights";
import { Button, Copyable, ErrorState, Skeleton } from "@/parts";
import { Editor } from "@/parts/Editor";
import { Callout, Facts, Sheet } from "@/parts/Sheet";

interface DocumentProps {
  title: string;
  path: string;
  /** Whoever may update it, may edit it. */
  resource: string;
  /** A command that does the same. */
  command: string;
  about: ReactNode;
  /** Where nothing was declared yet. */
  empty: string;
  children?: (document: ConfigMap) => ReactNode;
}

interface Edited {
  text: string;
  tag: string | undefined;
}

export function DocumentSheet({ title, path, resource, command, about, empty, children }: DocumentProps) {
  const queryKey = ["document", path];
  const queries = useQueryClient();
  const asked = useQuery({ queryKey, queryFn: ({ signal }) => get<ConfigMap>(path, {}, signal) });
  const may = useRights();
  const [edited, setEdited] = useState<Edited>();
  const saving = useAction({
    act: ({ document, tag }: { document: unknown; tag: string | undefined }) =>
      change<Partial<Schema<"Warnings">>>("PUT", path, {
        body: document,
        ...(tag === undefined ? {} : { match: tag }),
      }),
    said: ({ warnings = [] }) => ["It counts from the next request on", ...warnings].join(". "),
    old: [queryKey],
    then: () => setEdited(undefined),
    quiet: true,
  });
  const newest = async () => {
    const document = await get<ConfigMap>(path);
    queries.setQueryData(queryKey, document);
    const { apiVersion, kind, metadata, data } = document;
    const text = stringify({ apiVersion, kind, metadata, data }, { lineWidth: 0 });
    setEdited({ text, tag: tagOf(path) });
    return text;
  };
  const data = Object.entries(asked.data?.data ?? {});
  return (
    <Sheet
      title={title}
      actions={
        asked.data !== undefined &&
        may(resource, "update") && (
          <Button icon="diff" onClick={() => void newest()}>
            Edit
          </Button>
        )
      }
    >
      <p className="soft">{about}</p>
      {asked.isPending && <Skeleton height="6rem" />}
      {asked.isError && <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data !== undefined && data.length === 0 && (
        <div className="stack">
          <p>{empty}</p>
        </div>
      )}
      <div className="settings-data">
        {data.map(([key, value]) => (
          <div key={key}>
            <h3 className="mono">{key}</h3>
            {/* Long ones scroll by keys as well. */}
            {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
            <pre className="block" tabIndex={0} role="region" aria-label={key}>
              {value === "" ? "(empty)" : value}
            </pre>
          </div>
        ))}
      </div>
      {asked.data !== undefined && children?.(asked.data)}
      <Copyable text={command} />
      {edited !== undefined && (
        <Editor
          key={edited.tag}
          title={`Edit ${title}`}
          text={edited.text}
          onSave={(document) => saving.mutateAsync({ document, tag: edited.tag })}
          onReload={newest}
          onClose={() => setEdited(undefined)}
        />
      )}
    </Sheet>
  );
}

export function SettingsPart() {
  return (
    <DocumentSheet
      title="argocd-cm"
      path="/api/v1/settings"
      resource="settings"
      command="mooring settings apply -f argocd-cm.yaml"
      about="What holds for every application, as Argo CD's ConfigMap has it: differences to overlook, health scripts, actions."
      empty="Nothing is set: everything is as it is by default."
    >
      {(document) => <Scripts status={document.status} />}
    </DocumentSheet>
  );
}

function Scripts({ status }: { status: ConfigMap["status"] }) {
  const scripts = status?.["healthScripts"] as Readonly<Record<string, unknown>> | undefined;
  if (scripts === undefined) return null;
  const commit = typeof scripts["commit"] === "string" ? scripts["commit"] : "";
  const error = typeof scripts["error"] === "string" ? scripts["error"] : "";
  return (
    <div className="stack">
      <h3>Health scripts in git</h3>
      <Facts
        facts={[
          ["Commit in force", commit === "" ? "none yet" : <code key="commit">{commit.slice(0, 12)}</code>],
          ["Scripts", typeof scripts["scripts"] === "number" ? scripts["scripts"] : 0],
        ]}
      />
      {error !== "" && <Callout tone="bad">{error}</Callout>}
    </div>
  );
}

export function AccessPart() {
  return (
    <DocumentSheet
      title="argocd-rbac-cm"
      path="/api/v1/settings/access"
      resource="access"
      command="mooring access apply -f argocd-rbac-cm.yaml"
      about="Who may do what, as Argo CD's ConfigMap has it. What nothing allows is refused."
      empty="No policy yet: only the API's token may anything."
    />
  );
}
