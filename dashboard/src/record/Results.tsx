/** What became of each object of an operation, in the order in which phases and waves come; what failed stands first. */
import "./record.css";

import { Mark } from "@/parts";

import { groupsOf, resultLook, type StepGroup } from "./grouping";
import type { Result } from "./said";

interface ResultsProps {
  results: readonly Result[];
  /** The wave of an object, where it is known. */
  waveOf: (result: Result) => number | undefined;
}

export function Results({ results, waveOf }: ResultsProps) {
  const groups = groupsOf(results, waveOf);
  if (groups.length === 0) return <p className="soft">It changed no object.</p>;
  return (
    <div className="results">
      {groups.map((group) => (
        <Group key={group.name} group={group} />
      ))}
    </div>
  );
}

function Group({ group }: { group: StepGroup }) {
  return (
    <section className="results-group" aria-label={group.name}>
      <h4>{group.name}</h4>
      <ul role="list">
        {group.results.map((each) => (
          <li key={`${each.hook} ${each.group}/${each.kind}/${each.namespace}/${each.name}`}>
            <ObjectName object={each} />
            <Mark {...resultLook(each)} />
            {each.message !== "" && each.message !== each.result && <span className="soft">{each.message}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function ObjectName({ object }: { object: Pick<Result, "group" | "kind" | "namespace" | "name"> }) {
  return (
    <span className="object-name" title={[object.group, object.kind, object.namespace, object.name].join(" ").trim()}>
      <span className="soft">{object.kind}</span> {object.name}
    </span>
  );
}
