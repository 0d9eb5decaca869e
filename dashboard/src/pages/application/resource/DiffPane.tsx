/** What differs between the cluster and git: what a sync would do to this object. */
import { useMemo } from "react";

import { DiffView } from "@/code/DiffView";
import { linesOf } from "@/code/yaml";
import { Button, EmptyState, Icon, RelativeTime } from "@/parts";

import { useOpened } from "./address";
import type { PaneProps } from "./panes";
import type { LiveResource } from "./queries";
import { ignoredOf } from "./status";

type Difference = NonNullable<LiveResource["diff"]>;
type Change = Difference["changes"][number];

export default function DiffPane({ application, object, resource }: PaneProps) {
  const { open } = useOpened();
  const { diff, source, trouble } = resource;
  const before = useMemo(() => linesOf(diff?.normalizedLive), [diff?.normalizedLive]);
  const after = useMemo(() => linesOf(diff?.predictedLive), [diff?.predictedLive]);
  const ignored = ignoredOf(application, object);
  const rules = ignored.length > 0 && <Ignored fields={ignored} />;
  if (trouble !== undefined) {
    return (
      <EmptyState title="What git wants can't be read" icon="warning">
        <p>{trouble}</p>
        <p>The manifest shows what is in the cluster all the same.</p>
      </EmptyState>
    );
  }
  if (diff === undefined) {
    return (
      <EmptyState
        title={source === undefined ? "There is nothing to compare" : "It is opened when it is synced"}
        icon="key"
        actions={<Button onClick={() => open(object, "manifest")}>The manifest</Button>}
      >
        {source !== undefined && (
          <p>
            Git has it as a {String(source["kind"])}, which is not opened for a page: its values would be compared here.
          </p>
        )}
      </EmptyState>
    );
  }
  if (diff.kind === "unchanged") {
    return (
      <div className="res-diff">
        <EmptyState title="Nothing differs" icon="check">
          <p>The cluster has it as git wants it{ignored.length > 0 && ", but for fields that are ignored"}.</p>
        </EmptyState>
        {rules}
      </div>
    );
  }
  return (
    <div className="res-diff">
      {diff.kind === "added" && <Note>It is not in the cluster: a sync makes it.</Note>}
      {diff.kind === "removed" && <Note>Git no longer has it: a sync with prune deletes it.</Note>}
      {diff.dryRun !== "" && diff.dryRun !== "done" && <Note>Tried on the API server: {diff.dryRun}</Note>}
      {diff.kind === "changed" && <Fields changes={diff.changes} resource={resource} />}
      {rules}
      <DiffView before={before} after={after} names={["Live", "As git wants it"]} />
    </div>
  );
}

function Note({ children }: { children: React.ReactNode }) {
  return (
    <p className="res-note">
      <Icon name="info" />
      <span>{children}</span>
    </p>
  );
}

function Ignored({ fields }: { fields: readonly string[] }) {
  return (
    <Note>
      Ignored by rules of the application (<code>ignoreDifferences</code>):{" "}
      {fields.map((each) => (
        <code key={each} className="res-path">
          {each}
        </code>
      ))}
    </Note>
  );
}

/** Each field that differs, and who set what is live. */
function Fields({ changes, resource }: { changes: readonly Change[]; resource: LiveResource }) {
  const many = changes.length > 8;
  const rows = (
    <ul role="list" className="res-fields">
      {changes.slice(0, 200).map((change) => (
        <li key={change.path}>
          <code>{change.path}</code>
          <span className="res-from-to">
            <Value value={change.before} look="removed" /> <Icon name="arrow" size={12} />{" "}
            <Value value={change.after} look="added" />
          </span>
          {change.before === null ? (
            <span className="soft">not in the cluster</span>
          ) : (
            <SetBy path={change.path} resource={resource} />
          )}
        </li>
      ))}
    </ul>
  );
  if (!many) return rows;
  return (
    <details className="res-details">
      <summary>{changes.length} fields differ, and who set them</summary>
      {rows}
    </details>
  );
}

function Value({ value, look }: { value: unknown; look: "removed" | "added" }) {
  const text =
    value === null || value === undefined ? "not set" : typeof value === "string" ? value : JSON.stringify(value);
  const rows = text.split("\n").length;
  const hidden = /^\(hmac:[0-9a-f]{8}, (\d+) bytes\)$/.exec(text);
  const told = rows > 1 ? `text of ${rows} lines` : text;
  const shown = hidden === null ? told : `value hidden, ${hidden[1] ?? ""} bytes`;
  return (
    <code className="clip res-was" data-look={value === null || value === undefined ? "absent" : look} title={shown}>
      <span className="hidden-text">{look === "removed" ? "live: " : "git: "}</span>
      {shown === "" ? '""' : shown}
    </code>
  );
}

function SetBy({ path, resource }: { path: string; resource: LiveResource }) {
  const found = resource.fields.filter(
    (each) => each.path === path || path.startsWith(`${each.path}.`) || each.path.startsWith(`${path}.`),
  );
  const [newest] = [...found].sort((one, other) => (one.time < other.time ? 1 : -1));
  if (newest === undefined) return <span className="soft">set by nobody</span>;
  return (
    <span className="soft">
      set by <strong>{newest.manager}</strong>
      {newest.time !== "" && (
        <>
          {" "}
          <RelativeTime at={newest.time} />
        </>
      )}
    </span>
  );
}
