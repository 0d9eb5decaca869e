/** What an object is and how it is: the pane that answers most questions. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { Button, Copyable, HealthMark, Mark, RelativeTime, SyncMark } from "@/parts";

import { type TreeNode, treeQuery } from "../queries";
import { type ObjectRef, useOpened } from "./address";
import type { PaneProps } from "./panes";
import { containersOf, kubectlName, listAt, rowOf, textAt, textsAt } from "./status";

const fewChildren = 12;

export default function Summary({ application, named, object, resource }: PaneProps) {
  const { open } = useOpened();
  const { data: tree } = useQuery({ ...treeQuery(named), staleTime: 60_000 });
  const row = rowOf(application, object);
  const { live } = resource;
  const uid = textAt(live, "metadata", "uid");
  const node = tree?.nodes.find((each) => each.uid !== "" && each.uid === uid);
  const changes = resource.diff?.changes.length ?? 0;
  const images = [...new Set(containersOf(resource).map(({ image }) => image))];
  const place = object.namespace === "" ? "" : ` -n ${object.namespace}`;
  return (
    <div className="res-summary">
      <dl className="facts">
        <dt>Kind</dt>
        <dd>
          {object.kind} <span className="soft">{textAt(live ?? resource.desired, "apiVersion")}</span>
        </dd>
        {live === null && (
          <>
            <dt>In the cluster</dt>
            <dd>
              <Mark tone="lost" shape="gone" word="It is not there" /> A sync makes it.
            </dd>
          </>
        )}
        {resource.health !== undefined && (
          <>
            <dt>Health</dt>
            <dd>
              <HealthMark value={resource.health.status} /> {resource.health.message}
            </dd>
          </>
        )}
        {row !== undefined && (
          <>
            <dt>Git</dt>
            <dd className="res-line">
              <SyncMark value={row.status} />
              {changes > 0 && live !== null && (
                <Button look="quiet" icon="diff" onClick={() => open(object, "diff")}>
                  {changes === 1 ? "1 field differs" : `${changes} fields differ`}
                </Button>
              )}
              {row.requiresPruning === true && (
                <span className="soft">git no longer has it; a sync with prune deletes it</span>
              )}
            </dd>
          </>
        )}
        {!resource.managed && (
          <>
            <dt>Git</dt>
            <dd className="soft">is in no manifest: it was made by what owns it</dd>
          </>
        )}
        {row?.syncWave !== undefined && row.syncWave !== 0 && (
          <>
            <dt>Wave</dt>
            <dd>{row.syncWave}</dd>
          </>
        )}
        {live !== null && (
          <>
            <dt>Created</dt>
            <dd>
              <RelativeTime at={textAt(live, "metadata", "creationTimestamp")} />
            </dd>
          </>
        )}
        {node?.info?.map(({ name, value }) => (
          <Fact key={name} name={name} value={value} />
        ))}
        {images.length > 0 && (
          <>
            <dt>{images.length === 1 ? "Image" : "Images"}</dt>
            <dd className="mono">
              {images.map((image) => (
                <div key={image}>{image}</div>
              ))}
            </dd>
          </>
        )}
        {(node?.externalURLs ?? []).length > 0 && (
          <>
            <dt>Open</dt>
            <dd>
              {node?.externalURLs?.map((url) => (
                <div key={url}>
                  <a href={url} target="_blank" rel="noreferrer">
                    {url}
                  </a>
                </div>
              ))}
            </dd>
          </>
        )}
        <Family resource={resource} node={node} nodes={tree?.nodes ?? []} onOpen={open} />
        <dt>kubectl</dt>
        <dd>
          <Copyable text={`kubectl get ${kubectlName(object)}${place} -o yaml`} label="Copy the command" />
        </dd>
      </dl>
      <Containers {...{ resource, object, onOpen: open }} />
      <Conditions resource={resource} />
      <Names title="Labels" pairs={textsAt(live ?? resource.desired, "metadata", "labels")} />
      <Names title="Annotations" pairs={textsAt(live ?? resource.desired, "metadata", "annotations")} />
      <Names title="Finalizers" pairs={finalizersOf(live)} />
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

interface FamilyProps {
  resource: PaneProps["resource"];
  node: TreeNode | undefined;
  nodes: readonly TreeNode[];
  onOpen: (object: ObjectRef) => void;
}

/** What owns it, and what it owns. */
function Family({ resource, node, nodes, onOpen }: FamilyProps) {
  const [all, setAll] = useState(false);
  const owners = listAt(resource.live, "metadata", "ownerReferences").map((owner) => {
    const [group = "", version] = textAt(owner, "apiVersion").split("/");
    const { namespace } = resource;
    return {
      group: version === undefined ? "" : group,
      kind: textAt(owner, "kind"),
      namespace,
      name: textAt(owner, "name"),
    };
  });
  const children = nodes.filter((each) => each.parentRefs?.some(({ uid }) => uid === node?.uid) === true);
  const shown = all ? children : children.slice(0, fewChildren);
  return (
    <>
      {owners.length > 0 && (
        <>
          <dt>Owned by</dt>
          <dd>
            {owners.map((owner) => (
              <ObjectButton key={owner.kind + owner.name} object={owner} onOpen={onOpen} />
            ))}
          </dd>
        </>
      )}
      {children.length > 0 && (
        <>
          <dt>Owns</dt>
          <dd>
            <ul role="list" className="res-children">
              {shown.map((child) => (
                <li key={child.uid}>
                  <ObjectButton object={child} onOpen={onOpen} />
                  {child.health !== undefined && <HealthMark value={child.health.status} />}
                </li>
              ))}
            </ul>
            {children.length > shown.length && (
              <Button look="quiet" onClick={() => setAll(true)}>
                {children.length - shown.length} more
              </Button>
            )}
          </dd>
        </>
      )}
    </>
  );
}

export function ObjectButton({ object, onOpen }: { object: ObjectRef; onOpen: (object: ObjectRef) => void }) {
  const { group, kind, namespace, name } = object;
  return (
    <button type="button" className="res-link" onClick={() => onOpen({ group, kind, namespace, name })}>
      <span className="soft">{kind}</span> {name}
    </button>
  );
}

interface ContainersProps {
  resource: PaneProps["resource"];
  object: ObjectRef;
  onOpen: (object: ObjectRef, pane: string) => void;
}

function Containers({ resource, object, onOpen }: ContainersProps) {
  const containers = containersOf(resource);
  if (object.kind !== "Pod" || containers.length === 0) return null;
  return (
    <section aria-label="Containers">
      <h3>Containers</h3>
      <ul role="list" className="res-rows">
        {containers.map(({ name, image, sort, state, ready, restarts }) => (
          <li key={name}>
            <span className="res-line">
              <strong>{name}</strong>
              {sort !== "" && <span className="tag">{sort}</span>}
              {state !== "" && (
                <Mark
                  tone={
                    state.startsWith("running") && ready !== false
                      ? "good"
                      : state.includes("Completed")
                        ? "idle"
                        : "warn"
                  }
                  shape={
                    state.startsWith("running") && ready !== false
                      ? "tick"
                      : state.includes("Completed")
                        ? "tick"
                        : "away"
                  }
                  word={state}
                />
              )}
              {restarts > 0 && <span className="soft">restarted {restarts === 1 ? "once" : `${restarts} times`}</span>}
            </span>
            <span className="mono soft">{image}</span>
          </li>
        ))}
      </ul>
      <Button look="quiet" onClick={() => onOpen(object, "logs")}>
        What they write
      </Button>
    </section>
  );
}

function Conditions({ resource }: { resource: PaneProps["resource"] }) {
  const conditions = listAt(resource.live, "status", "conditions");
  if (conditions.length === 0) return null;
  return (
    <section aria-label="Conditions">
      <h3>Conditions</h3>
      <ul role="list" className="res-rows">
        {conditions.map((condition) => (
          <li key={textAt(condition, "type")}>
            <span className="res-line">
              <strong>{textAt(condition, "type")}</strong>
              <span>{textAt(condition, "status")}</span>
              <span className="soft">{textAt(condition, "reason")}</span>
              {textAt(condition, "lastTransitionTime") !== "" && (
                <span className="soft">
                  <RelativeTime at={textAt(condition, "lastTransitionTime")} />
                </span>
              )}
            </span>
            <span className="soft">{textAt(condition, "message")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Names({ title, pairs }: { title: string; pairs: readonly (readonly [string, string])[] }) {
  if (pairs.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <ul role="list" className="res-names">
        {pairs.map(([name, value]) => (
          <li key={name} className="mono" title={`${name}: ${value}`}>
            <span className="soft">{name}</span>
            {value !== "" && <span className="res-value">{value}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function finalizersOf(live: unknown): readonly (readonly [string, string])[] {
  const found = (live as { metadata?: { finalizers?: readonly string[] } } | null)?.metadata?.finalizers ?? [];
  return found.map((each) => [each, ""]);
}
