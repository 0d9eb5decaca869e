/** What an application is, where it comes from and how it is: above all of its tabs. */
import type { ReactNode } from "react";
import { Link } from "wouter";

import { to } from "@/app/addresses";
import { Command, HealthMark, Icon, type IconName, Mark, RelativeTime, Sign, SyncMark } from "@/parts";

import type { Application } from "./queries";
import {
  autoSyncOf,
  conditionsOf,
  deployedOf,
  destinationOf,
  pauseOf,
  revisionsOf,
  short,
  sourcesOf,
  told,
  toneOf,
} from "./status";

interface Props {
  application: Application;
  actions: ReactNode;
}

export function Header({ application, actions }: Props) {
  const { metadata, spec, status } = application;
  const { cluster, namespace } = destinationOf(application);
  const project = spec.project ?? "default";
  const sources = sourcesOf(application);
  const first = sources[0];
  return (
    <header className="app-head">
      <div className="app-head-top">
        <nav className="app-crumbs" aria-label="Where this is">
          <Link href={to.applications()}>
            <Icon name="back" size={18} />
            <span>Applications</span>
          </Link>
          <span aria-hidden="true">/</span>
        </nav>
        <h1 className="clip" title={`${metadata.namespace ?? "argocd"}/${metadata.name}`}>
          {metadata.name}
        </h1>
        <span className="app-marks">
          <HealthMark value={status.health.status} boxed />
          <SyncMark value={status.sync.status} boxed />
          {pauseOf(application) !== undefined && <Mark tone="warn" shape="pause" word="Auto-sync paused" boxed />}
          {metadata.deletionTimestamp !== undefined && <Mark tone="lost" shape="gone" word="Being deleted" boxed />}
        </span>
        {actions}
      </div>
      <ul className="app-facts" role="list">
        <Fact icon="folder" name="Project">
          <Link href={to.applications({ project: [project] })}>{project}</Link>
        </Fact>
        <Fact icon="cluster" name="Cluster">
          <span title={cluster}>{told(cluster)}</span>
          {namespace !== "" && <span className="soft"> / {namespace}</span>}
        </Fact>
        {first !== undefined && (
          <Fact icon="branch" name="Source">
            <span title={sources.map((each) => `${each.repoURL} ${each.place} ${each.target}`).join("\n")}>
              {told(first.repoURL)}
              {first.place !== "" && first.place !== "." && <span className="soft"> / {first.place}</span>}
              <span className="soft"> @ {first.target}</span>
              {sources.length > 1 && <span className="soft"> and {sources.length - 1} more</span>}
            </span>
          </Fact>
        )}
        {pauseOf(application) === undefined && (
          <Fact icon="sync" name="Syncs">
            {autoSync(application)}
          </Fact>
        )}
        <Revision application={application} />
        <li className="app-command">
          <Command text={commandOf(application)} />
        </li>
      </ul>
      <Conditions application={application} />
    </header>
  );
}

function Fact({ icon, name, children }: { icon: IconName; name: string; children: ReactNode }) {
  return (
    <li title={name}>
      <Icon name={icon} size={14} />
      <span className="hidden-text">{name}: </span>
      <span className="clip">{children}</span>
    </li>
  );
}

function Revision({ application }: { application: Application }) {
  const revisions = revisionsOf(application);
  if (revisions.length === 0) return null;
  const deployed = deployedOf(application);
  return (
    <li title={revisions.join("\n")}>
      <Icon name="anchor" size={14} />
      <span className="hidden-text">Revision: </span>
      <code>{revisions.map(short).join(", ")}</code>
      {deployed?.message !== undefined && <span className="clip app-subject">{deployed.message}</span>}
      {deployed?.author !== undefined && (
        <span className="soft clip">
          {deployed.author}, <RelativeTime at={deployed.committedAt ?? deployed.deployedAt} />
        </span>
      )}
    </li>
  );
}

/** The command that tells the same. */
function commandOf({ metadata: { name, namespace = "argocd" } }: Application): string {
  return `mooring app get ${name}${namespace === "argocd" ? "" : ` -N ${namespace}`}`;
}

function autoSync(application: Application): string {
  const { on, prune, selfHeal } = autoSyncOf(application);
  if (!on) return "Synced by hand";
  const more = [prune ? "prune" : "", selfHeal ? "self-heal" : ""].filter(Boolean).join(", ");
  return `Auto-sync${more === "" ? "" : `: ${more}`}`;
}

function Conditions({ application }: { application: Application }) {
  const paused = pauseOf(application);
  const conditions = conditionsOf(application);
  const health = application.status.health.message ?? "";
  if (paused === undefined && conditions.length === 0 && health === "") return null;
  return (
    <ul className="app-conditions" role="list" aria-label="What to know">
      {paused !== undefined && (
        <li data-tone="warn">
          <Sign shape="pause" />
          <span>
            Automated sync and self-heal were paused by <strong>{paused.by}</strong> <RelativeTime at={paused.at} />
            {paused.why !== "" && <>: {paused.why}</>}
          </span>
        </li>
      )}
      {health !== "" && (
        <li data-tone={application.status.health.status === "Degraded" ? "bad" : "idle"}>
          <Sign shape={application.status.health.status === "Degraded" ? "cross" : "ask"} />
          <span>{health}</span>
        </li>
      )}
      {conditions.map((each) => (
        <li key={`${each.type} ${each.message}`} data-tone={toneOf(each)}>
          <Sign shape={toneOf(each) === "bad" ? "cross" : "away"} />
          <span>
            <strong>{each.type}</strong> {each.message}{" "}
            {each.lastTransitionTime !== undefined && (
              <span className="soft">
                <RelativeTime at={each.lastTransitionTime} />
              </span>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
