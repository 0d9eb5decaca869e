/** What operations and renders have cost, by application, project, cluster or day; the days stand in the address. */
import "./costs.css";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { getWhole } from "@/api/client";
import type { Schema } from "@/api/types";
import { to } from "@/app/addresses";
import { hasWords, useFilters } from "@/app/filters";
import { Button, Command, EmptyState, ErrorState, SearchField, Skeleton } from "@/parts";
import { type ListColumn, RowBones, Rows } from "@/parts/Listing";
import { Facts, Sheet } from "@/parts/Sheet";

import { DayBars } from "./DayBars";
import { dollars, today } from "./money";

type Item = Schema<"CostItem">;
type Group = Schema<"CostsAsked">["group"];

const groups: readonly (readonly [Group, string])[] = [
  ["application", "Application"],
  ["project", "Project"],
  ["cluster", "Cluster"],
  ["day", "Day"],
];

export default function Costs() {
  const shown = useFilters(["by", "since", "until"]);
  const [now] = useState(() => Date.now());
  const by = groups.map(([value]) => value).find((value) => value === shown.of("by")[0]) ?? "application";
  const since = shown.of("since")[0] ?? today(now, -29);
  const until = shown.of("until")[0] ?? today(now, 0);
  const asked = useCosts(by, since, until);
  const daily = useCosts("day", since, until);
  const all = asked.data?.metadata.total.usd ?? 0;
  const columns: readonly ListColumn<Item>[] = [
    { head: named(by), width: "minmax(8rem, 2fr)", cell: (item) => <Name item={item} by={by} /> },
    {
      head: "Share",
      width: "minmax(4rem, 2fr)",
      wide: true,
      cell: (item) => <Bar share={all === 0 ? 0 : (item.usd ?? 0) / all} />,
    },
    { head: "Cost", width: "6rem", end: true, cell: (item) => dollars(item.usd) },
    { head: "Renders", width: "6rem", end: true, wide: true, cell: (item) => dollars(item.renders.usd) },
    {
      head: "Each",
      width: "6rem",
      end: true,
      wide: true,
      cell: (item) => dollars(item.operations === 0 ? 0 : (item.usd ?? 0) / item.operations),
    },
    { head: "Operations", width: "5.5rem", end: true, wide: true, cell: (item) => item.operations.toLocaleString() },
    { head: "API requests", width: "6rem", end: true, wide: true, cell: (item) => item.requests.toLocaleString() },
    { head: "GB-seconds", width: "6rem", end: true, wide: true, cell: (item) => item.gbSeconds.toFixed(1) },
  ];
  const rows = (asked.data?.items ?? []).filter((item) => shown.q === "" || hasWords(item.name, shown.q));
  const total = asked.data?.metadata.total;
  const prices = asked.data?.metadata.prices;
  return (
    <>
      <div className="page-head">
        <h1>Costs</h1>
        <SearchField label="Search costs" value={shown.q} onChange={(q) => shown.set("q", q)} />
      </div>
      <div className="filterbar">
        <div className="segments" role="group" aria-label="By">
          {groups.map(([value, label]) => (
            <button key={value} type="button" aria-pressed={value === by} onClick={() => shown.set("by", value)}>
              {label}
            </button>
          ))}
        </div>
        <label className="costs-day">
          <span className="soft">From</span>
          <input
            className="input"
            type="date"
            value={since}
            max={until}
            onChange={(event) => shown.set("since", event.target.value)}
          />
        </label>
        <label className="costs-day">
          <span className="soft">to</span>
          <input
            className="input"
            type="date"
            value={until}
            min={since}
            onChange={(event) => shown.set("until", event.target.value)}
          />
        </label>
        {[7, 30, 90].map((days) => (
          <Button
            key={days}
            look="quiet"
            aria-pressed={since === today(now, 1 - days) && until === today(now, 0)}
            onClick={() => {
              shown.set("since", today(now, 1 - days));
              shown.set("until", "");
            }}
          >
            {days} days
          </Button>
        ))}
      </div>
      {asked.isPending && <RowBones />}
      {asked.isError && <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />}
      {total?.operations === 0 && (
        <EmptyState
          icon="coins"
          title="No operation in these days"
          actions={<Button onClick={shown.clear}>The last 30 days</Button>}
        >
          <p>Only operations cost by application: an installation where nothing changes has next to nothing here.</p>
        </EmptyState>
      )}
      {total !== undefined && total.operations > 0 && (
        <div className="sheets" data-halves="">
          <Sheet title="Together">
            <p className="costs-total">{dollars(total.usd)}</p>
            <Facts
              facts={[
                ["Operations", total.operations.toLocaleString()],
                ["For each", dollars((total.usd ?? 0) / total.operations)],
                ["Renders", `${dollars(total.renders.usd)} of it`],
                ["Functions", `${total.gbSeconds.toFixed(1)} GB-seconds`],
                ["Table", `${total.tableRequests.toLocaleString()} requests`],
                ["API servers", `${total.requests.toLocaleString()} requests, which cost nothing here`],
              ]}
            />
          </Sheet>
          <Sheet title="By day">
            {daily.isPending && <Skeleton height="10.25rem" />}
            {daily.isError && <ErrorState error={daily.error} onRetry={() => void daily.refetch()} />}
            {daily.data !== undefined && <DayBars items={daily.data.items} since={since} until={until} />}
          </Sheet>
          <Sheet title={`By ${by}`} count={rows.length} whole>
            {rows.length === 0 ? (
              <p className="soft">Nothing here has all of what is searched for.</p>
            ) : (
              <Rows label={`Costs by ${by}`} columns={columns} rows={rows} rowKey={(item) => item.name} />
            )}
          </Sheet>
        </div>
      )}
      {total !== undefined && (
        <p className="page-command">
          <Command text={`mooring costs --by ${by} --since ${since} --until ${until}`} />
        </p>
      )}
      {prices !== undefined && (
        <p className="soft small costs-note">
          Prices of {prices.region} as of {prices.asOf}, in {prices.currency}, before free tiers and discounts. Counted
          is what operations and the renders behind them took of functions and of the table; what served several
          applications is divided among them. Not counted: sweeps, this page, logs, storage, queues and traffic. The
          bill of your account is what counts.
        </p>
      )}
    </>
  );
}

function useCosts(group: Group, since: string, until: string) {
  return useQuery({
    queryKey: ["costs", group, since, until],
    queryFn: ({ signal }) => getWhole<Schema<"Costs">>("/api/v1/costs", { group, since, until }, signal),
    staleTime: 60_000,
  });
}

function named(by: Group): string {
  return groups.find(([value]) => value === by)?.[1] ?? "Name";
}

function Name({ item, by }: { item: Item; by: Group }) {
  if (by === "day" || item.name === "") return <span>{item.name || "(gone)"}</span>;
  const [namespace = "argocd", name = ""] = item.name.includes("/") ? item.name.split("/") : ["argocd", item.name];
  const href =
    by === "application"
      ? to.application(namespace, name)
      : by === "project"
        ? to.project(item.name)
        : to.cluster(item.name);
  return (
    <Link href={href} className="listing-name">
      {by === "application" ? name : item.name}
    </Link>
  );
}

function Bar({ share }: { share: number }) {
  return (
    <span className="costs-share">
      <svg className="costs-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect x="0" y="0" width="100" height="8" className="ground" />
        <rect x="0" y="0" width={share * 100} height="8" className="amount" />
      </svg>
      <span className="soft small">{Math.round(share * 100)}%</span>
    </span>
  );
}
