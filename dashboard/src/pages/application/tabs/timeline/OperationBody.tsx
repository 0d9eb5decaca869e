/** Everything that is on record of an operation. */
import { to } from "@/app/addresses";
import { dollars } from "@/pages/costs/money";
import { Copyable, Sign } from "@/parts";
import { Changes } from "@/record/Changes";
import { Results } from "@/record/Results";
import { mergedOf, type Result, resultsOf, type Row } from "@/record/said";

import type { Named } from "../../queries";
import { onceOf } from "../../status";

interface Props {
  row: Row;
  named: Named;
  waveOf: (result: Result) => number | undefined;
}

export function OperationBody({ row, named, waveOf }: Props) {
  const bad = row.outcome === "Failed" || row.outcome === "Error";
  const { commit, cost } = row;
  const merged = mergedOf(row);
  const dry = row.action === "dry run";
  return (
    <>
      {(row.message ?? "") !== "" && (
        <p className="entry-message" data-tone={bad ? "bad" : undefined}>
          {bad && <Sign shape="cross" />}
          <span>{row.message}</span>
        </p>
      )}
      <Results results={resultsOf(row)} waveOf={waveOf} />
      {!dry && (row.bundle ?? "") !== "" && row.endedAt !== "" && <Changes named={named} operation={row.id} />}
      <dl className="record-facts">
        {merged !== undefined && (
          <div>
            <dt>Request</dt>
            <dd>
              #{merged.number} {merged.title}, by {merged.author}
              {merged.reviews.map(
                ({ reviewer, verdict }) => `; ${reviewer}: ${verdict === "none" ? "said nothing" : verdict}`,
              )}
            </dd>
          </div>
        )}
        {commit != null && commit.signer !== "" && (
          <div>
            <dt>Signed by</dt>
            <dd>
              {commit.signer} {commit.verified ? "(checked)" : "(not checked: the project asks for no signatures)"}
            </dd>
          </div>
        )}
        {commit != null && commit.committer !== "" && commit.committer !== commit.author && (
          <div>
            <dt>Committed by</dt>
            <dd>{commit.committer}</dd>
          </div>
        )}
        {(row.cause ?? "") !== "" && (
          <div>
            <dt>{row.trigger === "person" ? "Request" : "Cause"}</dt>
            <dd className="mono">{row.cause}</dd>
          </div>
        )}
        {cost !== undefined && (
          <div>
            <dt>Cost</dt>
            <dd>
              {cost.usd !== undefined && (
                <>
                  <strong>{dollars(cost.usd)}</strong>:{" "}
                </>
              )}
              {cost.gbSeconds.toFixed(2)} GB-s, {cost.tableRequests} requests of the table, {row.requests ?? 0} of the
              cluster
            </dd>
          </div>
        )}
        {row.prune === true && (
          <div>
            <dt>Pruning</dt>
            <dd>what git no longer has is deleted</dd>
          </div>
        )}
        {onceOf(row) !== "" && (
          <div>
            <dt>This once</dt>
            <dd>{onceOf(row)}</dd>
          </div>
        )}
        <div>
          <dt>Address</dt>
          <dd>
            <Copyable
              text={location.origin + to.application(named.namespace, named.name, `timeline/${row.id}`)}
              label="Copy the address of this operation"
            />
          </dd>
        </div>
      </dl>
    </>
  );
}
