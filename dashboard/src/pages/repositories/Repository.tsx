/** One registration: the commits that renders have seen there, what fails, and whether its webhook was heard. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation, useSearch } from "wouter";

import { change } from "@/api/client";
import { repositoriesQuery, type Repository, repositoryQuery } from "@/api/lists";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { to } from "@/app/addresses";
import { useRights } from "@/app/rights";
import { useTitle } from "@/app/title";
import { usePolling } from "@/live/live";
import { Button, Copyable, ErrorState, RelativeTime, Skeleton } from "@/parts";
import { type ListColumn, Rows } from "@/parts/Listing";
import { Callout, Facts, Sheet, SheetHead } from "@/parts/Sheet";

import { Removal } from "./Removal";
import { WebhookMark } from "./WebhookMark";

type Ref = Schema<"SeenRef">;
type Trouble = Schema<"RepositoryTrouble">;

const columns: readonly ListColumn<Ref>[] = [
  {
    head: "Reference",
    width: "minmax(8rem, 2fr)",
    cell: (row) => (
      <span className="two">
        <span>{row.chart === "" ? row.target : `${row.chart} ${row.target}`}</span>
        <span className="soft small">{row.repository}</span>
      </span>
    ),
  },
  {
    head: "Commit",
    width: "minmax(6rem, 1fr)",
    cell: (row) => <span className="mono">{row.revision.slice(0, 12)}</span>,
  },
  { head: "New since", width: "7rem", cell: (row) => <RelativeTime at={row.at} /> },
  { head: "Applications", width: "5.5rem", wide: true, end: true, cell: (row) => row.applications },
];

export default function RepositoryPage() {
  const url = new URLSearchParams(useSearch()).get("url") ?? "";
  const asked = useQuery({ ...repositoryQuery(url), refetchInterval: usePolling(15_000) });
  const may = useRights();
  const [, go] = useLocation();
  const [removing, setRemoving] = useState(false);
  useTitle(url);
  const repository = asked.data;
  return (
    <>
      <SheetHead
        back={to.repositories()}
        of="Repositories"
        title={repository?.name ?? url.replace(/^https?:\/\//, "")}
        mark={repository !== undefined && <WebhookMark repository={repository} />}
      >
        {repository !== undefined && may("repositories", "delete") && (
          <Button look="danger" icon="trash" onClick={() => setRemoving(true)}>
            Remove
          </Button>
        )}
      </SheetHead>
      {asked.isPending && <Skeleton height="8rem" />}
      {asked.isError && repository === undefined && (
        <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />
      )}
      {repository !== undefined && (
        <div className="sheets" data-halves="">
          <Known repository={repository} />
          <Heard repository={repository} />
          {(repository.troubles ?? []).map((trouble) => (
            <div key={trouble.application} data-whole="">
              <TroubleCallout trouble={trouble} url={url} />
            </div>
          ))}
          <Sheet title="Commits seen" count={repository.refs?.length ?? 0} whole>
            {(repository.refs ?? []).length === 0 ? (
              <p className="soft">No render has read it yet: it is read once an application comes from it.</p>
            ) : (
              <Rows
                label="Commits seen"
                columns={columns}
                rows={repository.refs ?? []}
                rowKey={(row) => `${row.repository} ${row.chart} ${row.target}`}
              />
            )}
          </Sheet>
        </div>
      )}
      {removing && repository !== undefined && (
        <Removal repository={repository} onClose={() => setRemoving(false)} then={() => go(to.repositories())} />
      )}
    </>
  );
}

function Known({ repository: { url, type, applications = 0 } }: { repository: Repository }) {
  return (
    <Sheet title="What is known">
      <Facts
        facts={[
          ["Address", <Copyable key="url" text={url} />],
          ["Type", type],
          [
            "Applications",
            <Link key="apps" href={to.applications({ q: url.replace(/^[a-z]+:\/\//, "").replace(/\.git$/, "") })}>
              {applications}
            </Link>,
          ],
        ]}
      />
      <p className="soft">
        Times are of news. Sweeps ask it again and again, and leave no word where nothing is new; a refresh of an
        application has it asked at once.
      </p>
    </Sheet>
  );
}

function Heard({ repository }: { repository: Repository }) {
  const { heard, url, type } = repository;
  if (heard === undefined || type !== "git") return null;
  return (
    <Sheet title="Webhook">
      {heard === null ? (
        <div className="stack">
          <p>Nothing was heard in a week: a push waits for the next sweep.</p>
          <Copyable text={`mooring webhook install --repo ${url} --token-file TOKEN`} />
        </div>
      ) : (
        <>
          <Facts
            facts={[
              ["Last delivery", <RelativeTime key="at" at={heard.at} />],
              ["Of", heard.repository],
              ["What", heard.refs.length > 0 ? heard.refs.join(", ") : heard.event],
              ["From", heard.provider],
              ["By", heard.by],
              ["Outcome", heard.outcome],
              ["Why", heard.reason],
            ]}
          />
          <Link href={to.webhooks({ repository: heard.repository })}>All deliveries</Link>
        </>
      )}
    </Sheet>
  );
}

function TroubleCallout({ trouble, url }: { trouble: Trouble; url: string }) {
  const [namespace = "argocd", name = ""] = trouble.application.split("/");
  const may = useRights();
  const asking = useAction({
    act: () => change("POST", `/api/v1/applications/${encodeURIComponent(name)}/refresh`, { query: { namespace } }),
    said: () => "The repository is asked now",
    old: [repositoryQuery(url).queryKey, repositoriesQuery.queryKey],
  });
  return (
    <Callout tone="bad">
      <strong>
        <Link href={to.application(namespace, name)}>{name}</Link> could not be rendered{" "}
        <RelativeTime at={trouble.at} />
      </strong>
      <span>{trouble.message}</span>
      <span className="soft">
        {trouble.triedAgain
          ? "Every sweep tries it again."
          : "It is tried again with the next commit, or when somebody asks."}
      </span>
      {may("applications", "get") && (
        <p>
          <Button icon="refresh" busy={asking.isPending} onClick={() => asking.mutate()}>
            Ask again now
          </Button>
        </p>
      )}
    </Callout>
  );
}
