/** The projects: what may come from where, and go where. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link, useLocation } from "wouter";

import { change } from "@/api/client";
import { type Project, projectsQuery } from "@/api/lists";
import { applicationsQuery } from "@/api/queries";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { to } from "@/app/addresses";
import { useRights } from "@/app/rights";
import { usePolling } from "@/live/live";
import { Button, Command, Copyable, EmptyState } from "@/parts";
import { Editor } from "@/parts/Editor";
import { type ListColumn, Listing } from "@/parts/Listing";

const template = `apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata:
  name: shop
spec:
  description: The shop's team
  sourceRepos:
    - https://git.example.com/shop/*
  destinations:
    - name: production
      namespace: shop-*
  clusterResourceWhitelist: []
`;

export default function Projects() {
  const asked = useQuery({ ...projectsQuery, refetchInterval: usePolling(30_000) });
  const applications = useQuery(applicationsQuery).data;
  const may = useRights();
  const [making, setMaking] = useState(false);
  const [, go] = useLocation();
  const counts = useMemo(() => {
    const found = new Map<string, number>();
    for (const { project } of applications ?? []) found.set(project, (found.get(project) ?? 0) + 1);
    return found;
  }, [applications]);
  const declaring = useAction({
    act: (document: unknown) => change<Schema<"DeclaredProject">>("POST", "/api/v1/projects", { body: document }),
    said: ({ project, warnings }) => [`${project.metadata.name} is declared`, ...warnings].join(". "),
    old: [projectsQuery.queryKey],
    then: ({ project }) => go(to.project(project.metadata.name)),
    quiet: true,
  });
  const columns: readonly ListColumn<Project>[] = [
    {
      head: "Project",
      width: "minmax(9rem, 2fr)",
      cell: ({ metadata, spec }) => (
        <span className="two">
          <Link className="listing-name" href={to.project(metadata.name)}>
            {metadata.name}
          </Link>
          <span className="soft small">{spec.description ?? ""}</span>
        </span>
      ),
    },
    { head: "Sources", width: "minmax(6rem, 1.5fr)", wide: true, cell: ({ spec }) => brief(spec.sourceRepos) },
    {
      head: "Destinations",
      width: "minmax(6rem, 1.5fr)",
      wide: true,
      cell: ({ spec }) => brief(spec.destinations?.map(destinationOf)),
    },
    { head: "Roles", width: "4rem", wide: true, end: true, cell: ({ spec }) => spec.roles?.length ?? 0 },
    { head: "Windows", width: "4.5rem", wide: true, end: true, cell: ({ spec }) => spec.syncWindows?.length ?? 0 },
    { head: "Applications", width: "5.5rem", end: true, cell: ({ metadata }) => counts.get(metadata.name) ?? 0 },
  ];
  return (
    <>
      <Listing
        title="Projects"
        asked={asked}
        columns={columns}
        rowKey={(row) => row.metadata.name}
        text={({ metadata, spec }) =>
          [
            metadata.name,
            spec.description ?? "",
            ...(spec.sourceRepos ?? []),
            ...(spec.destinations ?? []).map(destinationOf),
          ].join(" ")
        }
        actions={
          may("projects", "create") && (
            <Button look="strong" icon="plus" onClick={() => setMaking(true)}>
              New project
            </Button>
          )
        }
        empty={
          <EmptyState
            title="No project that you may see"
            icon="folder"
            actions={<Copyable text="mooring account can-i get projects '*'" />}
          >
            <p>A project says where its applications may come from, and go to. Ask whoever keeps the policy.</p>
          </EmptyState>
        }
      />
      <p className="page-command">
        <Command text="mooring project list" />
      </p>
      {making && (
        <Editor
          title="New project"
          action="Declare"
          text={template}
          onSave={(document) => declaring.mutateAsync(document)}
          onClose={() => setMaking(false)}
        />
      )}
    </>
  );
}

function brief(values: readonly string[] | null | undefined) {
  if (values == null || values.length === 0) return <span className="soft">none</span>;
  const rest = values.length > 1 ? ` and ${values.length - 1} more` : "";
  return (
    <span title={values.join("\n")}>
      {values[0]}
      {rest}
    </span>
  );
}

/** "namespace on cluster", as a project permits it. */
export function destinationOf(destination: Readonly<Record<string, unknown>>): string {
  const said = (key: string) => (typeof destination[key] === "string" ? destination[key] : "");
  return `${said("namespace") || "*"} on ${said("name") || said("server") || "*"}`;
}
