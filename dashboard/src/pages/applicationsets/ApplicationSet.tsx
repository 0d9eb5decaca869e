/** One ApplicationSet: its conditions, what it generated, what its text would change, and a removal that waits. */
import "./applicationsets.css";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { stringify } from "yaml";

import { change, get, tagOf } from "@/api/client";
import { type ApplicationSet, setQuery, setsQuery } from "@/api/lists";
import { applicationsQuery } from "@/api/queries";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { to } from "@/app/addresses";
import { ApplicationsOf } from "@/app/ApplicationsOf";
import type { PageProps } from "@/app/pages";
import { useRights } from "@/app/rights";
import { useTitle } from "@/app/title";
import { usePolling } from "@/live/live";
import { Button, type Column, Dialog, ErrorState, Mark, RelativeTime, Skeleton, Table } from "@/parts";
import { Confirm } from "@/parts/Confirm";
import { Callout, Chips, Facts, Sheet, SheetHead } from "@/parts/Sheet";

import { generatorsOf, isBad, SetMark } from "./conditions";
import { Awaited, Declare } from "./Declare";

type Member = NonNullable<ApplicationSet["status"]["applicationStatus"]>[number];
type Above =
  | { kind: "edit"; text: string; tag: string | undefined }
  | { kind: "preview"; id: string }
  | { kind: "confirm" }
  | { kind: "remove" };

const members: readonly Column<Member>[] = [
  { head: "Application", cell: (row) => row.application },
  { head: "Step", cell: (row) => row.step },
  { head: "Status", cell: (row) => row.status },
];

export default function ApplicationSetPage({ params }: PageProps) {
  const namespace = params["namespace"] ?? "";
  const name = params["name"] ?? "";
  const asked = useQuery({ ...setQuery(namespace, name), refetchInterval: usePolling(10_000) });
  const may = useRights();
  const [above, setAbove] = useState<Above>();
  const close = () => setAbove(undefined);
  useTitle(name);
  const path = `/api/v1/applicationsets/${encodeURIComponent(name)}`;
  const refreshing = useAction({
    act: () => change("POST", `${path}/refresh`, { query: { namespace } }),
    said: () => "Its generators are asked now",
    old: [setQuery(namespace, name).queryKey],
  });
  const previewing = useAction({
    act: (set: ApplicationSet) =>
      change<Schema<"AskedPreview">>("POST", "/api/v1/applicationsets/preview", { body: declared(set) }),
    said: () => "What it would change is being worked out",
    old: [],
    then: ({ preview }) => setAbove({ kind: "preview", id: preview.id }),
  });
  const edit = async () => {
    const set = await get<ApplicationSet>(path, { namespace });
    setAbove({ kind: "edit", text: stringify(declared(set)), tag: tagOf(path, { namespace }) });
  };
  const set = asked.data;
  const held = set?.status.heldRemoval;
  return (
    <>
      <SheetHead
        back={to.applicationSets()}
        of="ApplicationSets"
        title={name}
        mark={set !== undefined && <SetMark set={set} boxed />}
      >
        {set !== undefined && (
          <>
            <Button icon="refresh" busy={refreshing.isPending} onClick={() => refreshing.mutate()}>
              Refresh
            </Button>
            {may("applicationsets", "create") && (
              <Button icon="search" busy={previewing.isPending} onClick={() => previewing.mutate(set)}>
                Preview
              </Button>
            )}
            {may("applicationsets", "update") && (
              <Button icon="diff" onClick={() => void edit()}>
                Edit
              </Button>
            )}
            {may("applicationsets", "delete") && (
              <Button look="danger" icon="trash" onClick={() => setAbove({ kind: "remove" })}>
                Delete
              </Button>
            )}
          </>
        )}
      </SheetHead>
      {asked.isPending && <Skeleton height="8rem" />}
      {asked.isError && set === undefined && <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />}
      {set !== undefined && (
        <div className="sheets" data-halves="">
          {held !== undefined && (
            <div data-whole="">
              <Callout tone="warn">
                <strong>
                  {held.applications.length === 1
                    ? "The removal of 1 application waits"
                    : `The removal of ${held.applications.length} applications waits`}{" "}
                  for somebody&apos;s word
                </strong>
                <Chips values={held.applications} />
                {may("applicationsets", "delete") && (
                  <span>
                    <Button look="danger" onClick={() => setAbove({ kind: "confirm" })}>
                      Look at it
                    </Button>
                  </span>
                )}
              </Callout>
            </div>
          )}
          <Sheet title="Conditions">
            {set.status.conditions.length === 0 && (
              <p className="soft">Nobody has asked its generators yet. Refresh it to have them asked now.</p>
            )}
            <ul className="sets-conditions" role="list">
              {set.status.conditions.map((each) => (
                <li key={each.type}>
                  <Mark
                    tone={isBad(each) ? "bad" : "idle"}
                    shape={isBad(each) ? "cross" : each.status === "True" ? "tick" : "ask"}
                    word={`${each.type}: ${each.status}`}
                  />
                  <span>
                    {each.message}{" "}
                    {each.lastTransitionTime !== undefined && (
                      <span className="soft">
                        <RelativeTime at={each.lastTransitionTime} />
                      </span>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          </Sheet>
          <Sheet title="What it is">
            <Facts
              facts={[
                ["Namespace", set.metadata.namespace],
                ["Generators", <Chips key="generators" values={generatorsOf(set)} />],
                ["Templates", set.spec.goTemplate === true ? "Go templates" : "fasttemplate"],
                ["Generation", set.metadata.generation],
                ["Applications", set.status.resourcesCount ?? set.status.resources?.length ?? 0],
              ]}
            />
          </Sheet>
          {set.status.applicationStatus !== undefined && set.status.applicationStatus.length > 0 && (
            <Sheet title="Rollout" count={set.status.applicationStatus.length} whole>
              <Table
                label="Steps of the rollout"
                columns={members}
                rows={set.status.applicationStatus}
                rowKey={(row) => row.application}
              />
            </Sheet>
          )}
          <ApplicationsOf
            belongs={(row) => row.namespace === namespace && (row.set === name || row.set === `${namespace}/${name}`)}
            href={to.applications({ q: name })}
            none="It has generated no application yet, or none that you may see."
          />
        </div>
      )}
      {above?.kind === "edit" && <Declare title={`Edit ${name}`} text={above.text} tag={above.tag} onClose={close} />}
      {above?.kind === "preview" && (
        <Dialog wide title="What would change now" onClose={close} foot={<Button onClick={close}>Close</Button>}>
          <Awaited id={above.id} />
        </Dialog>
      )}
      {above?.kind === "confirm" && held !== undefined && (
        <ConfirmHeld namespace={namespace} name={name} held={held} onClose={close} />
      )}
      {above?.kind === "remove" && <Removal namespace={namespace} name={name} onClose={close} />}
    </>
  );
}

function declared({ apiVersion, kind, metadata, spec }: ApplicationSet) {
  const { name, namespace, labels, annotations, finalizers } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, labels, annotations, finalizers }, spec };
}

interface HeldProps {
  namespace: string;
  name: string;
  held: NonNullable<ApplicationSet["status"]["heldRemoval"]>;
  onClose: () => void;
}

function ConfirmHeld({ namespace, name, held, onClose }: HeldProps) {
  const confirming = useAction({
    act: () =>
      change<Schema<"ConfirmedRemoval">>("POST", `/api/v1/applicationsets/${encodeURIComponent(name)}/confirm`, {
        query: { namespace },
        body: { token: held.token },
      }),
    said: ({ removed }) => `Removed: ${removed.join(", ")}`,
    old: [setQuery(namespace, name).queryKey, applicationsQuery.queryKey],
    then: onClose,
    quiet: true,
  });
  return (
    <Confirm
      title="Confirm the removal"
      action={`Remove ${held.applications.length === 1 ? "1 application" : `${held.applications.length} applications`}`}
      word={name}
      busy={confirming.isPending}
      error={confirming.error}
      onConfirm={() => confirming.mutate()}
      onClose={onClose}
    >
      <p>No generator gives these any more. What they deployed goes with them, where their finalizers say so:</p>
      <ul>
        {held.applications.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
    </Confirm>
  );
}

function Removal({ namespace, name, onClose }: { namespace: string; name: string; onClose: () => void }) {
  const [cascade, setCascade] = useState(false);
  const [, go] = useLocation();
  const path = `/api/v1/applicationsets/${encodeURIComponent(name)}`;
  const removing = useAction({
    act: () =>
      change("DELETE", path, { query: { namespace, cascade: String(cascade) }, match: tagOf(path, { namespace }) }),
    said: () => `${name} is deleted`,
    old: [setsQuery.queryKey, applicationsQuery.queryKey],
    stale: [setQuery(namespace, name).queryKey],
    then: () => go(to.applicationSets()),
    quiet: true,
  });
  return (
    <Confirm
      title={`Delete ${name}?`}
      action="Delete the ApplicationSet"
      word={name}
      busy={removing.isPending}
      error={removing.error}
      onConfirm={() => removing.mutate()}
      onClose={onClose}
    >
      <label className="check-label">
        <input
          className="check"
          type="checkbox"
          checked={cascade}
          onChange={(event) => setCascade(event.target.checked)}
        />
        Its applications go with it
      </label>
      <p className="soft">
        {cascade ? "They are deleted, and what they deployed where their finalizers say so." : "They stay as they are."}
      </p>
    </Confirm>
  );
}
