import { Copyable, EmptyState } from "@/parts";

/** Nobody has changed anything beside git; and how soon it would be noticed. */
export function NoDrift() {
  return (
    <EmptyState
      title="Nobody has changed anything beside git"
      icon="drift"
      actions={<Copyable text="mooring cluster set CLUSTER --drift watch" label="Copy the command" />}
    >
      <p>What somebody changes by hand in a cluster stands here, with who it was and what became of it.</p>
      <dl className="drift-modes">
        <dt>sweep</dt>
        <dd>notices at the next sweep, a few minutes later, and costs nothing more. Clusters begin with it.</dd>
        <dt>watch</dt>
        <dd>notices within a second, with a small function that always runs.</dd>
        <dt>audit</dt>
        <dd>notices as fast as audit events arrive, and knows the person.</dd>
      </dl>
      <p>Each cluster has one of them.</p>
    </EmptyState>
  );
}
