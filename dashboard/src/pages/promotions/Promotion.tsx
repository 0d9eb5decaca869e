/** One promotion: where it stands and why, what it carries, how it did, and what came of it before. */
import "./promotions.css";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { stringify } from "yaml";

import { change, tagOf } from "@/api/client";
import { promotionQuery, promotionsQuery } from "@/api/lists";
import { useAction } from "@/app/acting";
import { to } from "@/app/addresses";
import type { PageProps } from "@/app/pages";
import { useRights } from "@/app/rights";
import { useTitle } from "@/app/title";
import { usePolling } from "@/live/live";
import { Button, Copyable, ErrorState, RelativeTime, Skeleton } from "@/parts";
import { Confirm } from "@/parts/Confirm";
import { Callout, Chips, Facts, Sheet, SheetHead } from "@/parts/Sheet";
import { outside } from "@/record/forge";

import { stepOf } from "./lanes";
import { PromotionMark } from "./PromotionMark";

type Deed = "run" | "suspend" | "resume";

const said: Readonly<Record<Deed, string>> = {
  run: "It is looked at now",
  suspend: "It is suspended",
  resume: "It goes on",
};

export default function PromotionPage({ params }: PageProps) {
  const namespace = params["namespace"] ?? "";
  const name = params["name"] ?? "";
  const asked = useQuery({ ...promotionQuery(namespace, name), refetchInterval: usePolling(10_000) });
  const may = useRights();
  const [removing, setRemoving] = useState(false);
  const [match, setMatch] = useState<string>();
  const [, go] = useLocation();
  useTitle(name);
  const path = `/api/v1/promotions/${encodeURIComponent(name)}`;
  const old = [promotionsQuery.queryKey, promotionQuery(namespace, name).queryKey];
  const doing = useAction<unknown, Deed>({
    act: (deed) => change("POST", `${path}/${deed}`, { query: { namespace } }),
    said: (_, deed) => said[deed],
    old,
  });
  const deleting = useAction({
    act: () => change("DELETE", path, { query: { namespace }, match }),
    said: () => `${name} is removed`,
    old: [promotionsQuery.queryKey],
    stale: old,
    then: () => go(to.promotions()),
    quiet: true,
  });
  const remove = () => {
    setMatch(tagOf(path, { namespace }));
    setRemoving(true);
  };
  const promotion = asked.data;
  const suspended = promotion?.spec["suspend"] === true || promotion?.status.phase === "Suspended";
  const step = promotion === undefined ? undefined : stepOf(promotion);
  const status = promotion?.status;
  const carried = status?.carried?.["changes"];
  return (
    <>
      <SheetHead
        back={to.promotions()}
        of="Promotions"
        title={name}
        mark={status !== undefined && <PromotionMark phase={status.phase} boxed />}
      >
        {promotion !== undefined && may("promotions", "update") && (
          <>
            <Button icon="refresh" busy={doing.isPending} onClick={() => doing.mutate("run")}>
              Look now
            </Button>
            <Button
              icon={suspended ? "play" : "pause"}
              busy={doing.isPending}
              onClick={() => doing.mutate(suspended ? "resume" : "suspend")}
            >
              {suspended ? "Resume" : "Suspend"}
            </Button>
          </>
        )}
        {promotion !== undefined && may("promotions", "delete") && (
          <Button look="danger" icon="trash" onClick={remove}>
            Remove
          </Button>
        )}
      </SheetHead>
      {asked.isPending && <Skeleton height="8rem" />}
      {asked.isError && promotion === undefined && (
        <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />
      )}
      {promotion !== undefined && status !== undefined && step !== undefined && (
        <div className="sheets" data-halves="">
          <Sheet title="Where it stands">
            {status.phase === "Blocked" || status.phase === "Failed" ? (
              <Callout tone="bad">{status.message}</Callout>
            ) : (
              <p>{status.message}</p>
            )}
            <Facts
              facts={[
                ["Since", status.since && <RelativeTime key="since" at={status.since} />],
                ["From", <Apps key="from" names={[step.from]} />],
                ["To", <Apps key="to" names={step.to} />],
                ["Carries", Array.isArray(carried) && <Chips key="carried" values={carried as string[]} />],
                [
                  "Pull request",
                  status.pullRequest && (
                    <a key="pr" href={outside(status.pullRequest)} rel="noreferrer noopener" target="_blank">
                      {status.pullRequest}
                    </a>
                  ),
                ],
              ]}
            />
            {status.warnings?.map((each) => (
              <Callout key={each} tone="warn">
                {each}
              </Callout>
            ))}
          </Sheet>
          <Sheet title="Verification">
            {status.verification === undefined ? (
              <p className="soft">Nothing has landed yet.</p>
            ) : (
              <Facts
                facts={[
                  ["Outcome", status.verification.outcome],
                  ["Says", status.verification.message],
                  ["Changes", <Chips key="changes" values={status.verification.changes} />],
                  ["Commit", <code key="commit">{status.verification.commit.slice(0, 12)}</code>],
                  ["At", <RelativeTime key="at" at={status.verification.at} />],
                ]}
              />
            )}
          </Sheet>
          <Sheet title="What came of it" count={status.history?.length ?? 0} whole>
            {(status.history?.length ?? 0) === 0 && <p className="soft">Nothing yet.</p>}
            <ol className="promotions-history" role="list">
              {status.history?.map((each) => (
                <li key={each.id}>
                  <span className="soft small">
                    <RelativeTime at={each.at} />
                  </span>
                  <strong>{each.what}</strong>
                  <span>
                    {each.message}{" "}
                    {each.url !== undefined && (
                      <a href={outside(each.url)} rel="noreferrer noopener" target="_blank">
                        {each.url}
                      </a>
                    )}{" "}
                    {each.carried !== undefined && <Chips values={each.carried} />}
                  </span>
                </li>
              ))}
            </ol>
          </Sheet>
          <Sheet title="As it is declared" whole>
            {/* It scrolls by keys as well. */}
            {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
            <pre className="block" tabIndex={0} role="region" aria-label="Its text">
              {stringify(promotion.spec)}
            </pre>
            <Copyable text={`mooring promotion get ${name} -o yaml`} />
          </Sheet>
        </div>
      )}
      {removing && (
        <Confirm
          title={`Remove ${name}?`}
          action="Remove the promotion"
          busy={deleting.isPending}
          error={deleting.error}
          onConfirm={() => deleting.mutate()}
          onClose={() => setRemoving(false)}
        >
          <p>A pull request that it opened stays open. What was carried stays.</p>
        </Confirm>
      )}
    </>
  );
}

function Apps({ names }: { names: readonly string[] }) {
  return (
    <span className="chips">
      {names.map((each) => {
        const [namespace = "", name = ""] = each.split("/");
        return (
          <Link key={each} href={to.application(namespace, name)}>
            {name}
          </Link>
        );
      })}
    </span>
  );
}
