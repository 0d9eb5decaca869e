/** Where each promotion stands: as lanes of environments, or as a list. */
import "./promotions.css";

import { useQuery } from "@tanstack/react-query";
import { Fragment } from "react";
import { Link } from "wouter";

import { type Promotion, promotionsQuery } from "@/api/lists";
import { applicationsQuery } from "@/api/queries";
import type { ApplicationSummary } from "@/api/types";
import { to } from "@/app/addresses";
import { hasWords, useFilters } from "@/app/filters";
import { usePolling } from "@/live/live";
import { Copyable, EmptyState, ErrorState, HealthMark, Icon, RelativeTime, SearchField, SyncMark } from "@/parts";
import { RowBones } from "@/parts/Listing";
import { outside } from "@/record/forge";

import { type Lane, lanesOf, type Step } from "./lanes";
import { PromotionMark } from "./PromotionMark";

const phases = [
  "Blocked",
  "Failed",
  "Proposed",
  "Verifying",
  "Waiting",
  "Declined",
  "Suspended",
  "Verified",
  "UpToDate",
];

export default function Promotions() {
  const asked = useQuery({ ...promotionsQuery, refetchInterval: usePolling(10_000) });
  const applications = useQuery(applicationsQuery).data ?? [];
  const shown = useFilters(["phase"]);
  const all = asked.data ?? [];
  const chosen = shown.of("phase")[0] ?? "";
  const fits = ({ promotion, from, to: targets }: Step) =>
    (chosen === "" || promotion.status.phase === chosen) &&
    (shown.q === "" || hasWords([promotion.metadata.name, from, ...targets].join(" "), shown.q));
  const lanes = lanesOf(all).filter((lane) => lane.steps.some(fits));
  const present = phases.filter((phase) => all.some(({ status }) => status.phase === phase));
  return (
    <>
      <div className="page-head">
        <h1>
          Promotions
          <span className="count" role="status">
            {asked.data === undefined ? "" : all.length}
          </span>
        </h1>
        <SearchField label="Search promotions" value={shown.q} onChange={(q) => shown.set("q", q)} />
      </div>
      {all.length > 0 && (
        <div className="filterbar">
          <div className="segments promotions-phases" role="group" aria-label="Phase">
            {["", ...present].map((phase) => (
              <button
                key={phase}
                type="button"
                aria-pressed={chosen === phase}
                onClick={() => shown.set("phase", phase)}
              >
                {phase === "" ? "All" : phase === "UpToDate" ? "Up to date" : phase}
              </button>
            ))}
          </div>
        </div>
      )}
      {asked.isPending && <RowBones />}
      {asked.isError && all.length === 0 && <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data?.length === 0 && (
        <EmptyState
          title="No promotions yet"
          icon="arrow"
          actions={<Copyable text="mooring apply -f promotion.yaml" />}
        >
          <p>
            A promotion says what moves from one application to others, when, and how: by a pull request, or a commit.
          </p>
        </EmptyState>
      )}
      {all.length > 0 && lanes.length === 0 && (
        <EmptyState
          icon="filter"
          title="Nothing fits"
          actions={
            <button type="button" className="button" data-look="plain" onClick={shown.clear}>
              Show all {all.length}
            </button>
          }
        />
      )}
      <ul className="promotions-lanes" role="list" aria-label="Lanes">
        {lanes.map((lane) => (
          <OneLane
            key={`${lane.start} ${lane.steps[0]?.promotion.metadata.name}`}
            lane={lane}
            applications={applications}
          />
        ))}
      </ul>
    </>
  );
}

function OneLane({ lane, applications }: { lane: Lane; applications: readonly ApplicationSummary[] }) {
  return (
    // A lane longer than the window is scrolled by keys as well.
    <li className="card promotions-lane">
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="promotions-way" tabIndex={0} role="region" aria-label={`From ${lane.start}`}>
        <Place names={[lane.start]} applications={applications} />
        {lane.steps.map((step) => (
          <Fragment key={step.promotion.metadata.name}>
            <Between promotion={step.promotion} />
            <Place names={step.to} applications={applications} />
          </Fragment>
        ))}
      </div>
    </li>
  );
}

function Place({ names, applications }: { names: readonly string[]; applications: readonly ApplicationSummary[] }) {
  return (
    <div className="promotions-place">
      {names.map((each) => {
        const [namespace = "", name = ""] = each.split("/");
        const row = applications.find((one) => one.namespace === namespace && one.name === name);
        return (
          <div key={each} className="promotions-app">
            <Link href={to.application(namespace, name)} className="listing-name">
              {name}
            </Link>
            {row === undefined ? (
              <span className="soft small">not declared, or not yours to see</span>
            ) : (
              <>
                <span className="promotions-marks">
                  <HealthMark value={row.health} />
                  <SyncMark value={row.sync} />
                </span>
                <span className="soft small">
                  <span className="mono">{row.revision.slice(0, 8)}</span> {row.cluster}
                </span>
              </>
            )}
          </div>
        );
      })}
    </div>
  );
}

function Between({ promotion }: { promotion: Promotion }) {
  const { metadata, status } = promotion;
  return (
    <div className="promotions-between">
      <span className="promotions-arrow">
        <Icon name="arrow" size={20} />
      </span>
      <PromotionMark phase={status.phase} boxed />
      <Link href={to.promotion(metadata.namespace ?? "argocd", metadata.name)} className="listing-name">
        {metadata.name}
      </Link>
      <span className="soft small promotions-says" title={status.message}>
        {status.message}
      </span>
      <span className="soft small">
        {status.since !== undefined && <RelativeTime at={status.since} />}{" "}
        {status.pullRequest !== undefined && (
          <a href={outside(status.pullRequest)} rel="noreferrer noopener" target="_blank">
            Pull request
          </a>
        )}
      </span>
    </div>
  );
}
