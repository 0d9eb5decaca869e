/** One change by hand: who, what and where in a line; opened, everything, and what can be done. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { change } from "@/api/client";
import { to } from "@/app/addresses";
import { Button, Dialog, errorToast, exactly, LinkButton, Mark, RelativeTime, useToast } from "@/parts";
import { DriftBody } from "@/record/DriftBody";
import { ObjectName } from "@/record/Results";
import { doneLook, type Drift, isOpen, namedOf, toldOf, whatOf, whoOf } from "@/record/said";

import { writeRef } from "../application/resource/address";

export function DriftRow({ drift, open, onToggle }: { drift: Drift; open: boolean; onToggle: () => void }) {
  const named = namedOf(drift.application);
  const who = whoOf(drift);
  const [first] = drift.who;
  const agent = first === undefined ? "" : (toldOf(first, "agent").split(" ")[0] ?? "");
  const address = first === undefined ? "" : toldOf(first, "address");
  const paths = drift.fields.map((each) => each.path).filter((path) => path !== "(object)");
  return (
    <li className="entry" data-open={open ? "" : undefined}>
      <div className="entry-line">
        <span className="entry-mark">
          <Mark {...doneLook(drift.done)} />
        </span>
        <span className="entry-main">
          <button type="button" className="entry-title" aria-expanded={open} onClick={onToggle}>
            <strong>{who.name}</strong>
            {who.known === "likely" && <span className="tag">likely</span>}
            {who.known === "manager" && <span className="tag">program</span>}
            <span>{whatOf(drift)}</span>
            <ObjectName object={drift.object} />
          </button>
          <span className="entry-facts soft">
            <span>
              <Link href={to.application(named.namespace, named.name)}>{named.name}</Link> in {drift.cluster}
            </span>
            {paths.length > 0 && (
              <span className="mono">
                {paths.slice(0, 2).join(", ")}
                {paths.length > 2 && ` and ${paths.length - 2} more`}
              </span>
            )}
            {agent !== "" && <span>{agent}</span>}
            {address !== "" && <span>from {address}</span>}
          </span>
        </span>
        <span className="entry-when soft" title={exactly(Date.parse(drift.noticedAt))}>
          <RelativeTime at={drift.noticedAt} />
        </span>
      </div>
      {open && (
        <div className="entry-body">
          <DriftBody drift={drift} />
          <div className="drift-deeds">
            {isOpen(drift) && drift.what !== "orphan" && <PutBack drift={drift} />}
            <LinkButton
              href={`${to.application(named.namespace, named.name)}?resource=${encodeURIComponent(writeRef(drift.object))}`}
            >
              The object
            </LinkButton>
            <LinkButton href={to.application(named.namespace, named.name, `timeline/${drift.operation || drift.id}`)}>
              {drift.operation === "" ? "In the timeline" : "The operation that put it back"}
            </LinkButton>
          </div>
        </div>
      )}
    </li>
  );
}

/** Asks for a sync of this object alone, which brings it back to what git has. */
function PutBack({ drift }: { drift: Drift }) {
  const say = useToast();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { namespace, name } = namedOf(drift.application);
  const syncing = useMutation({
    mutationFn: () =>
      change("POST", `/api/v1/applications/${encodeURIComponent(name)}/sync`, {
        query: { namespace },
        body: { resources: [drift.object] },
      }),
    onSuccess: () => {
      setAsking(false);
      say({ tone: "good", text: `${drift.object.kind} ${drift.object.name} is being put back` });
      return queries.invalidateQueries({ queryKey: ["drifts"] });
    },
    onError: (error) => say(errorToast(error)),
  });
  return (
    <>
      <Button icon="sync" look="strong" onClick={() => setAsking(true)}>
        Put it back
      </Button>
      {asking && (
        <Dialog
          title={`Put ${drift.object.kind} ${drift.object.name} back`}
          onClose={() => setAsking(false)}
          foot={
            <>
              <Button onClick={() => setAsking(false)}>Cancel</Button>
              <Button look="strong" busy={syncing.isPending} onClick={() => syncing.mutate()}>
                Put it back
              </Button>
            </>
          }
        >
          <p>
            This object alone is synced to what git has now. What {whoOf(drift).name} changed is undone; it stays on
            record.
          </p>
          <p className="soft">If the change was right, bring it into git instead: then it counts as adopted.</p>
        </Dialog>
      )}
    </>
  );
}
