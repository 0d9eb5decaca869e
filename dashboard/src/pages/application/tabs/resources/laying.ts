/** Where boxes stand: ELK's layered layout, in a worker, so that a large graph never stops the page.

    Options: "ELK Layered" of the Eclipse Layout Kernel's reference (considerModelOrder keeps the order that is given). */
import Elk, { type ELK, type ElkNode } from "elkjs/lib/elk-api.js";
import worker from "elkjs/lib/elk-worker.min.js?url";

import { type Drawn, rootId } from "./grouping";

export interface Place {
  x: number;
  y: number;
}

export type Places = ReadonlyMap<string, Place>;

/** Width and height of boxes in pixels, which the style sheet has as well. */
export const size = { width: 236, height: 60 } as const;
/** Between columns. */
const gap = 64;

const options = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.spacing.nodeNode": "12",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.crossingMinimization.forceNodeModelOrder": "true",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
  "elk.edgeRouting": "POLYLINE",
  "elk.separateConnectedComponents": "false",
};

export interface Layouter {
  lay: (drawn: Drawn) => Promise<Places>;
  end: () => void;
}

/** A worker that lays out; it lives until `end`. */
export function startLayouter(): Layouter {
  const elk: ELK = new Elk({ workerFactory: () => new Worker(worker) });
  return {
    lay: async (drawn) => placesOf(await elk.layout(graphOf(drawn))),
    end: () => elk.terminateWorker(),
  };
}

/** What ELK is given. */
export function graphOf({ boxes, links }: Drawn): ElkNode {
  return {
    id: "graph",
    layoutOptions: options,
    children: boxes.map(({ id }) => ({ id, ...size })),
    edges: links.map(({ source, target }, at) => ({ id: String(at), sources: [source], targets: [target] })),
  };
}

/** What ELK answers; its layers become columns of one width, which stay where they are whatever comes and goes. */
export function placesOf({ children = [] }: ElkNode): Places {
  const layers = [...new Set(children.map(({ x = 0 }) => x))].sort((one, other) => one - other);
  const columns = new Map(layers.map((x, at) => [x, at * (size.width + gap)]));
  return new Map(children.map(({ id, x = 0, y = 0 }) => [id, { x: columns.get(x) ?? x, y: Math.round(y) }]));
}

/** The same for graphs that need no new layout: who is there, and who hangs on whom. */
export function structureOf({ boxes, links }: Drawn): string {
  return `${boxes.map(({ id }) => id).join("\n")}\n\n${links.map(({ source, target }) => `${source}\t${target}`).join("\n")}`;
}

/** Places moved so that one box stays where it was: what somebody looks at does not jump away. */
export function anchored(fresh: Places, before: Places | undefined, anchor: string): Places {
  const kept = [anchor, rootId].find((id) => fresh.has(id) && (before === undefined || before.has(id)));
  const here = kept === undefined ? undefined : fresh.get(kept);
  if (kept === undefined || here === undefined) return fresh;
  const there = before?.get(kept) ?? { x: 0, y: 0 };
  const [dx, dy] = [there.x - here.x, there.y - here.y];
  return new Map([...fresh].map(([id, { x, y }]) => [id, { x: x + dx, y: y + dy }]));
}
