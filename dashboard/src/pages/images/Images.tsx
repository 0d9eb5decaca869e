/** Images that are kept up to date: what each application runs, what it should, and what is held. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { change } from "@/api/client";
import { imagesQuery, type ImageState } from "@/api/lists";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { to } from "@/app/addresses";
import { useRights } from "@/app/rights";
import { usePolling } from "@/live/live";
import { Button, Copyable, EmptyState, Mark, RelativeTime, type Tone } from "@/parts";
import { type ListColumn, Listing } from "@/parts/Listing";
import { outside } from "@/record/forge";

import { Plan } from "./Plan";

const looks: Readonly<Record<ImageState["status"], readonly [Tone, "tick" | "turning" | "pause" | "cross", string]>> = {
  UpToDate: ["good", "tick", "Up to date"],
  Updating: ["wait", "turning", "Updating"],
  Held: ["warn", "pause", "Held"],
  Error: ["bad", "cross", "Error"],
};

const columns: readonly ListColumn<ImageState>[] = [
  {
    head: "Image",
    width: "minmax(9rem, 2fr)",
    cell: (row) => {
      const [namespace = "", name = ""] = row.application.split("/");
      return (
        <span className="two">
          <span title={row.image}>{row.image}</span>
          <span className="small">
            <Link className="listing-name" href={to.application(namespace, name)}>
              {name}
            </Link>
            {row.alias !== "" && <span className="soft"> as {row.alias}</span>}
          </span>
        </span>
      );
    },
  },
  {
    head: "Status",
    width: "7rem",
    cell: ({ status }) => {
      const [tone, shape, word] = looks[status];
      return <Mark tone={tone} shape={shape} word={word} />;
    },
  },
  { head: "Runs", width: "minmax(5rem, 1fr)", wide: true, cell: (row) => <Tag text={row.current} /> },
  {
    head: "Should run",
    width: "minmax(5rem, 1fr)",
    wide: true,
    cell: (row) => (row.wanted === row.current ? <span className="soft">the same</span> : <Tag text={row.wanted} />),
  },
  {
    head: "Says",
    width: "minmax(6rem, 1.5fr)",
    wide: true,
    cell: (row) => (
      <span className="two">
        <span className="soft" title={row.message}>
          {row.message}
        </span>
        {row.pullRequest !== "" && (
          <a className="small" href={outside(row.pullRequest)} rel="noreferrer noopener" target="_blank">
            Pull request
          </a>
        )}
      </span>
    ),
  },
  {
    head: "Since",
    width: "6rem",
    wide: true,
    cell: (row) => <RelativeTime at={row.since === "" ? null : row.since} />,
  },
];

export default function Images() {
  const asked = useQuery({ ...imagesQuery, refetchInterval: usePolling(15_000) });
  const may = useRights();
  const [plan, setPlan] = useState<string>();
  const planning = useAction({
    act: () => change<Schema<"AskedPlan">>("POST", "/api/v1/images/plan"),
    said: () => "What would be written is being worked out",
    old: [],
    then: (answer) => setPlan(answer.plan.id),
  });
  const updating = useAction({
    act: () => change<Schema<"LookedAt">>("POST", "/api/v1/images/update"),
    said: ({ applications }) => `Images of ${applications.length} applications are looked at now`,
    old: [imagesQuery.queryKey],
  });
  return (
    <>
      <Listing
        title="Images"
        asked={asked}
        columns={columns}
        rowKey={(row) => `${row.application} ${row.alias} ${row.image}`}
        text={(row) => [row.image, row.application, row.alias, row.current, row.wanted, row.message].join(" ")}
        filters={[
          {
            name: "status",
            label: "Status",
            of: (row) => [row.status],
            show: (value) => looks[value as ImageState["status"]][2],
          },
          { name: "application", label: "Application", of: (row) => [row.application] },
        ]}
        actions={
          (asked.data?.length ?? 0) > 0 && (
            <>
              <Button icon="search" busy={planning.isPending} onClick={() => planning.mutate()}>
                Plan
              </Button>
              {may("applications", "sync") && (
                <Button look="strong" icon="refresh" busy={updating.isPending} onClick={() => updating.mutate()}>
                  Update now
                </Button>
              )}
            </>
          )
        }
        empty={
          <EmptyState
            title="No image is kept up to date"
            icon="cards"
            actions={
              <>
                <Copyable text="mooring apply -f imageupdater.yaml" />
                <Copyable text="argocd-image-updater.argoproj.io/image-list: web=registry.example.com/shop/web:~1.4" />
              </>
            }
          >
            <p>Declare an ImageUpdater, or annotate an Application as Argo CD Image Updater has it.</p>
          </EmptyState>
        }
      />
      {plan !== undefined && <Plan id={plan} onClose={() => setPlan(undefined)} />}
    </>
  );
}

function Tag({ text }: { text: string }) {
  if (text === "") return <span className="soft">not known</span>;
  return (
    <span className="mono" title={text}>
      {text.replace(/^sha256:([0-9a-f]{12}).*/, "sha256:$1…")}
    </span>
  );
}
