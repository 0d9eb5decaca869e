/** One project: what it permits, when syncs may run, its roles and their tokens, and its applications. */
import "./projects.css";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { stringify } from "yaml";

import { change, get, tagOf } from "@/api/client";
import { type Project, projectQuery, projectsQuery } from "@/api/lists";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { to } from "@/app/addresses";
import { ApplicationsOf } from "@/app/ApplicationsOf";
import type { PageProps } from "@/app/pages";
import { useRights } from "@/app/rights";
import { useTitle } from "@/app/title";
import { usePolling } from "@/live/live";
import { Button, ErrorState, Skeleton } from "@/parts";
import { Confirm } from "@/parts/Confirm";
import { Editor } from "@/parts/Editor";
import { Chips, Facts, Sheet, SheetHead } from "@/parts/Sheet";

import { destinationOf } from "./Projects";
import { Roles } from "./Roles";
import { Windows } from "./Windows";

export default function ProjectPage({ params }: PageProps) {
  const name = params["name"] ?? "";
  const asked = useQuery({ ...projectQuery(name), refetchInterval: usePolling(30_000) });
  const may = useRights();
  const [above, setAbove] = useState<{ kind: "edit"; text: string; tag: string | undefined } | { kind: "remove" }>();
  const queries = useQueryClient();
  const [, go] = useLocation();
  useTitle(name);
  const path = `/api/v1/projects/${encodeURIComponent(name)}`;
  const declaring = useAction({
    act: ({ document, tag }: { document: unknown; tag: string | undefined }) =>
      change<Schema<"DeclaredProject">>("POST", "/api/v1/projects", {
        body: document,
        ...(tag === undefined ? {} : { match: tag }),
      }),
    said: ({ warnings }) => ["The project is declared", ...warnings].join(". "),
    old: [projectsQuery.queryKey, projectQuery(name).queryKey],
    then: () => setAbove(undefined),
    quiet: true,
  });
  const removing = useAction({
    act: () => change("DELETE", path, { match: tagOf(path) }),
    said: () => `${name} is removed`,
    old: [projectsQuery.queryKey],
    stale: [projectQuery(name).queryKey],
    then: () => go(to.projects()),
    quiet: true,
  });
  const newest = async () => {
    const project = await get<Project>(path);
    queries.setQueryData(projectQuery(name).queryKey, project);
    const { apiVersion, kind, metadata, spec } = project;
    const text = stringify({ apiVersion, kind, metadata, spec });
    setAbove({ kind: "edit", text, tag: tagOf(path) });
    return text;
  };
  const project = asked.data;
  const spec = project?.spec as (Project["spec"] & Readonly<Record<string, unknown>>) | undefined;
  return (
    <>
      <SheetHead back={to.projects()} of="Projects" title={name}>
        {project !== undefined && may("projects", "update") && (
          <Button icon="diff" onClick={() => void newest()}>
            Edit
          </Button>
        )}
        {project !== undefined && name !== "default" && may("projects", "delete") && (
          <Button look="danger" icon="trash" onClick={() => setAbove({ kind: "remove" })}>
            Remove
          </Button>
        )}
      </SheetHead>
      {asked.isPending && <Skeleton height="8rem" />}
      {asked.isError && project === undefined && (
        <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />
      )}
      {project !== undefined && spec !== undefined && (
        <div className="sheets" data-halves="">
          <Sheet title="What it permits">
            {spec.description != null && spec.description !== "" && <p>{spec.description}</p>}
            <Facts
              facts={[
                ["Sources", <Chips key="sources" values={spec.sourceRepos} none="none: nothing may come here" />],
                ["Source namespaces", namespaces(spec["sourceNamespaces"])],
                [
                  "Destinations",
                  <Chips
                    key="to"
                    values={spec.destinations?.map(destinationOf)}
                    none="none: nothing may go anywhere"
                  />,
                ],
              ]}
            />
          </Sheet>
          <Sheet title="Kinds">
            <Facts
              facts={[
                ["Of the cluster", <Chips key="cw" values={kinds(spec["clusterResourceWhitelist"])} none="none" />],
                ["Of the cluster, never", some(kinds(spec["clusterResourceBlacklist"]))],
                [
                  "Of namespaces",
                  <Chips key="nw" values={kinds(spec["namespaceResourceWhitelist"])} none="every kind" />,
                ],
                ["Of namespaces, never", some(kinds(spec["namespaceResourceBlacklist"]))],
                ["Signed by", some(keys(spec["signatureKeys"]))],
              ]}
            />
          </Sheet>
          <Windows windows={spec.syncWindows ?? []} />
          <Roles project={name} roles={spec.roles ?? []} />
          {project.status !== undefined && (
            <Sheet title="Orphans" count={project.status.orphanedResources.length} whole>
              {project.status.orphanedResources.length === 0 ? (
                <p className="soft">Every object in its namespaces belongs to an application.</p>
              ) : (
                <ul className="projects-orphans">
                  {project.status.orphanedResources.map((each) => (
                    <li key={`${each.cluster} ${each.kind} ${each.namespace}/${each.name}`}>
                      <strong>{each.kind}</strong> {each.namespace}/{each.name}{" "}
                      <span className="soft">on {each.cluster}</span>
                    </li>
                  ))}
                </ul>
              )}
            </Sheet>
          )}
          <ApplicationsOf
            belongs={(row) => row.project === name}
            href={to.applications({ project: [name] })}
            none="No application names this project, or none that you may see."
          />
        </div>
      )}
      {above?.kind === "edit" && (
        <Editor
          key={above.tag}
          title={`Edit ${name}`}
          text={above.text}
          hint="A project that a root application declares goes back to what git says."
          onSave={(document) => declaring.mutateAsync({ document, tag: above.tag })}
          onReload={newest}
          onClose={() => setAbove(undefined)}
        />
      )}
      {above?.kind === "remove" && (
        <Confirm
          title={`Remove ${name}?`}
          action="Remove the project"
          word={name}
          busy={removing.isPending}
          error={removing.error}
          onConfirm={() => removing.mutate()}
          onClose={() => setAbove(undefined)}
        >
          <p>Tokens of its roles become nobody. While an application names it, it is refused.</p>
        </Confirm>
      )}
    </>
  );
}

function kinds(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly Readonly<Record<string, unknown>>[]).map((each) => {
    const group = typeof each["group"] === "string" ? each["group"] : "";
    const kind = typeof each["kind"] === "string" ? each["kind"] : "*";
    if (group === "*" && kind === "*") return "every kind";
    return group === "" ? kind : `${kind}.${group}`;
  });
}

function keys(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly Readonly<Record<string, unknown>>[]).map((each) => String(each["keyID"]));
}

function namespaces(value: unknown) {
  return Array.isArray(value) && value.length > 0 ? <Chips values={value as string[]} /> : undefined;
}

function some(values: readonly string[]) {
  return values.length > 0 ? <Chips values={values} /> : undefined;
}
