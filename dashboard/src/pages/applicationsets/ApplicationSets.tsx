/** The ApplicationSets: how they are, and how many applications each gives. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { type ApplicationSet, setsQuery } from "@/api/lists";
import { to } from "@/app/addresses";
import { useRights } from "@/app/rights";
import { usePolling } from "@/live/live";
import { Button, Copyable, EmptyState } from "@/parts";
import { type ListColumn, Listing } from "@/parts/Listing";

import { generatorsOf, SetMark, stateOf } from "./conditions";
import { Declare } from "./Declare";

const template = `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata:
  name: shop
  namespace: argocd
spec:
  goTemplate: true
  generators:
    - list:
        elements:
          - cluster: staging
          - cluster: production
  template:
    metadata:
      name: shop-{{ .cluster }}
    spec:
      project: default
      source:
        repoURL: https://git.example.com/shop/deploy
        path: overlays/{{ .cluster }}
        targetRevision: main
      destination:
        name: "{{ .cluster }}"
        namespace: shop
`;

const columns: readonly ListColumn<ApplicationSet>[] = [
  {
    head: "ApplicationSet",
    width: "minmax(9rem, 2fr)",
    cell: ({ metadata }) => (
      <span className="two">
        <Link className="listing-name" href={to.applicationSet(metadata.namespace ?? "argocd", metadata.name)}>
          {metadata.name}
        </Link>
        <span className="soft small">{metadata.namespace}</span>
      </span>
    ),
  },
  { head: "State", width: "9rem", cell: (row) => <SetMark set={row} /> },
  { head: "Generators", width: "minmax(6rem, 1fr)", wide: true, cell: (row) => generatorsOf(row).join(", ") },
  {
    head: "Says",
    width: "minmax(6rem, 2fr)",
    wide: true,
    cell: ({ status }) => <span className="soft">{status.conditions[0]?.message ?? ""}</span>,
  },
  {
    head: "Applications",
    width: "5.5rem",
    wide: true,
    end: true,
    cell: ({ status }) => status.resourcesCount ?? status.resources?.length ?? 0,
  },
];

export default function ApplicationSets() {
  const asked = useQuery({ ...setsQuery, refetchInterval: usePolling(15_000) });
  const may = useRights();
  const [making, setMaking] = useState(false);
  return (
    <>
      <Listing
        title="ApplicationSets"
        asked={asked}
        columns={columns}
        rowKey={({ metadata }) => `${metadata.namespace}/${metadata.name}`}
        text={(row) =>
          [row.metadata.name, row.metadata.namespace, ...generatorsOf(row), row.status.conditions[0]?.message].join(" ")
        }
        filters={[
          { name: "state", label: "State", of: (row) => [stateOf(row)] },
          { name: "generator", label: "Generator", of: generatorsOf },
        ]}
        actions={
          may("applicationsets", "create") && (
            <Button look="strong" icon="plus" onClick={() => setMaking(true)}>
              New ApplicationSet
            </Button>
          )
        }
        empty={
          <EmptyState
            title="No ApplicationSets yet"
            icon="sets"
            actions={
              <>
                <Copyable text="mooring appset preview -f applicationset.yaml --diff" />
                <Copyable text="mooring appset create -f applicationset.yaml" />
              </>
            }
          >
            <p>A set makes applications out of folders, clusters, pull requests and the like.</p>
          </EmptyState>
        }
      />
      {making && <Declare title="New ApplicationSet" text={template} onClose={() => setMaking(false)} />}
    </>
  );
}
