import type { Cluster } from "@/api/lists";
import { Mark } from "@/parts";

/** How drift is noticed in a cluster beside the sweep (docs/drift.md). */
export function modeOf(cluster: Cluster): "sweep" | "watch" | "audit" {
  const said = cluster.annotations?.["mooring.dev/drift"];
  return said === "watch" || said === "audit" ? said : "sweep";
}

export function reachOf(cluster: Cluster): "Reachable" | "Out of reach" | "Not asked yet" {
  if (cluster.unreachable !== undefined) return "Out of reach";
  return cluster.version === "" ? "Not asked yet" : "Reachable";
}

export function ReachMark({ cluster, boxed }: { cluster: Cluster; boxed?: boolean }) {
  const word = reachOf(cluster);
  if (word === "Out of reach") return <Mark tone="bad" shape="cross" word={word} boxed={boxed} />;
  if (word === "Reachable") return <Mark tone="good" shape="tick" word={word} boxed={boxed} />;
  return <Mark tone="idle" shape="ask" word={word} boxed={boxed} />;
}
