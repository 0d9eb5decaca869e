/** What code hosts delivered, newest first, and what each delivery caused. The API filters: there may be very many. */
import "./webhooks.css";

import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { Link } from "wouter";

import { get } from "@/api/client";
import type { Schema } from "@/api/types";
import { to } from "@/app/addresses";
import { useFilters } from "@/app/filters";
import { useRights } from "@/app/rights";
import { usePolling } from "@/live/live";
import {
  Button,
  Copyable,
  EmptyState,
  ErrorState,
  Mark,
  PhaseMark,
  RelativeTime,
  SearchField,
  type Tone,
} from "@/parts";
import { RowBones } from "@/parts/Listing";

import { InstallHook } from "./InstallHook";

type Delivery = Schema<"Delivery">;
type Caused = Delivery["caused"][number];

const outcomes = ["queued", "ignored", "pong", "refused"] as const;
const providers = ["github", "gitlab", "bitbucket", "gitea", "azuredevops", "codecommit", "registry"] as const;
const looks: Readonly<Record<string, readonly [Tone, "tick" | "cross" | "pause" | "ask"]>> = {
  queued: ["good", "tick"],
  ignored: ["idle", "pause"],
  pong: ["good", "tick"],
  refused: ["bad", "cross"],
};

export default function Webhooks() {
  const shown = useFilters(["outcome", "provider", "repository"]);
  const outcome = shown.of("outcome")[0] ?? "";
  const provider = shown.of("provider")[0] ?? "";
  const repository = useDeferredValue(shown.of("repository").join(","));
  const may = useRights();
  const [installing, setInstalling] = useState(false);
  const asked = useInfiniteQuery({
    queryKey: ["deliveries", repository, provider, outcome],
    queryFn: ({ pageParam, signal }) =>
      get<Schema<"Deliveries">>(
        "/api/v1/hooks/deliveries",
        { repository, provider, outcome, limit: 25, continue: pageParam },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.metadata.continue ?? undefined,
    refetchInterval: usePolling(),
  });
  const items = asked.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className="page-head">
        <h1>
          Webhooks
          <span className="count" role="status">
            {asked.data === undefined ? "" : `${items.length}${asked.hasNextPage ? " and more" : ""}`}
          </span>
        </h1>
        <SearchField
          label="Search by repository"
          value={shown.of("repository").join(",")}
          onChange={(value) => shown.set("repository", value)}
        />
        {may("webhooks", "create") && (
          <Button look="strong" icon="plus" onClick={() => setInstalling(true)}>
            Install a webhook
          </Button>
        )}
      </div>
      <div className="filterbar">
        <div className="segments" role="group" aria-label="Outcome">
          {["", ...outcomes].map((each) => (
            <button key={each} type="button" aria-pressed={outcome === each} onClick={() => shown.set("outcome", each)}>
              {each === "" ? "All" : capital(each)}
            </button>
          ))}
        </div>
        <label className="webhooks-provider">
          <span className="hidden-text">Provider</span>
          <select className="input" value={provider} onChange={(event) => shown.set("provider", event.target.value)}>
            <option value="">Any provider</option>
            {[...new Set([...providers, ...(provider === "" ? [] : [provider])])].map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      </div>
      {asked.isPending && <RowBones />}
      {asked.isError && items.length === 0 && <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data !== undefined && items.length === 0 && !asked.hasNextPage && (
        <EmptyState
          icon="hook"
          title={shown.any ? "No delivery fits" : "Nothing was delivered yet"}
          actions={
            shown.any ? (
              <Button onClick={shown.clear}>Show all deliveries</Button>
            ) : (
              <Copyable text="mooring webhook install --repo https://git.example.com/team/repo --token-file token" />
            )
          }
        >
          <p>What code hosts tell is kept for a week. Without webhooks, repositories are looked at by the sweep.</p>
        </EmptyState>
      )}
      <ol className="webhooks-list" role="list" aria-label="Deliveries">
        {items.map((each, index) => (
          <li key={`${each.id} ${each.at} ${index}`} className="card webhooks-one">
            <OneDelivery delivery={each} />
          </li>
        ))}
      </ol>
      {asked.hasNextPage && (
        <div className="webhooks-more">
          <Button busy={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
            Older deliveries
          </Button>
        </div>
      )}
      {installing && <InstallHook onClose={() => setInstalling(false)} />}
    </>
  );
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function OneDelivery({ delivery }: { delivery: Delivery }) {
  const [tone, shape] = looks[delivery.outcome] ?? ["idle", "ask"];
  const what = delivery.refs.join(", ") || delivery.event;
  const facts = [
    delivery.provider || "unknown provider",
    delivery.refs.length > 0 && delivery.event,
    delivery.by !== "" && `by ${delivery.by}`,
    delivery.source !== "" && `from ${delivery.source}`,
    delivery.id !== "" && `delivery ${delivery.id}`,
  ].filter((each) => each !== false);
  return (
    <article>
      <header>
        <h2>
          {delivery.repository || "(not read)"} <span className="soft">{what}</span>
        </h2>
        <Mark tone={tone} shape={shape} word={capital(delivery.outcome)} boxed />
        <span className="soft small">
          <RelativeTime at={delivery.at} />
        </span>
      </header>
      <p className="soft small">{facts.join(" · ")}</p>
      {delivery.reason !== "" && (
        <p className={delivery.outcome === "refused" ? "webhooks-why" : ""}>{delivery.reason}</p>
      )}
      <Concerned delivery={delivery} />
      {delivery.caused.length > 0 && (
        <ul role="list" className="webhooks-caused">
          {delivery.caused.map((each) => (
            <li key={`${each.application} ${each.operation} ${each.startedAt}`}>
              <OneCaused caused={each} />
            </li>
          ))}
        </ul>
      )}
    </article>
  );
}

function Concerned({ delivery }: { delivery: Delivery }) {
  const { concerned, touched, sets, caused, leftOut } = delivery;
  if (concerned === 0 && sets.length === 0) return null;
  return (
    <p>
      Concerns{" "}
      {[
        concerned > 0 && (concerned === 1 ? "1 application" : `${concerned} applications`),
        sets.length > 0 && (sets.length === 1 ? "1 ApplicationSet" : `${sets.length} ApplicationSets`),
      ]
        .filter(Boolean)
        .join(" and ")}
      {touched > 0 && `; ${touched} of them by changed files`}
      {caused.length === 0 && "; no operation so far"}
      {leftOut > 0 && `; operations of ${leftOut} are not looked up here`}.{" "}
      {sets.slice(0, 3).map((each) => {
        const [namespace = "argocd", name = each] = each.includes("/") ? each.split("/") : ["argocd", each];
        return (
          <Link key={each} href={to.applicationSet(namespace, name)} className="tag">
            {name}
          </Link>
        );
      })}
    </p>
  );
}

function OneCaused({ caused }: { caused: Caused }) {
  const [namespace = "", name = ""] = caused.application.split("/");
  return (
    <>
      <PhaseMark value={caused.phase} />
      <span>
        {caused.kind} of{" "}
        <Link
          href={to.application(namespace, name, caused.operation === "" ? "" : `history/${caused.operation}`)}
          className="listing-name"
        >
          {name}
        </Link>{" "}
        <span className="soft mono">{caused.revision.slice(0, 8)}</span>
      </span>
      <span className="soft small">
        <RelativeTime at={caused.finishedAt || caused.startedAt} />
      </span>
      {caused.message !== "" && <p className="soft small">{caused.message}</p>}
    </>
  );
}
