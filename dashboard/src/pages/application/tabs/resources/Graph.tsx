/** The tree, or the network, as boxes and lines. React Flow draws what is in sight. */
import "@xyflow/react/dist/base.css";
import "./graph.css";

import {
  type Edge,
  Handle,
  MiniMap,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  type ReactFlowInstance,
  type Rect,
} from "@xyflow/react";
import { type KeyboardEvent, memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import { useShortcut } from "@/app/shortcuts";
import { IconButton } from "@/parts";
import { healthLook } from "@/parts/Marks";

import type { Application } from "../../queries";
import { useOpened } from "../../resource/address";
import { type Box, type Drawn, healthsOf, portion, rootId } from "./grouping";
import { type Place, type Places, placesOf, size, step } from "./laying";
import { healthOf } from "./model";
import { Attending, BoxCard } from "./ObjectCard";
import { type Arrow, arrows, neighbour } from "./walking";

interface Props {
  application: Application;
  drawn: Drawn;
  /** Whether it is what the cluster has now; before, it is what the last sync left. */
  live: boolean;
  /** Opens so many of a stack; 0 closes it. */
  onOpenStack: (id: string, count: number) => void;
  label: string;
}

type BoxNode = Node<{ box: Box }, "box">;
type Flow = ReactFlowInstance<BoxNode>;

const nodeTypes = {
  box: memo(({ data }: NodeProps<BoxNode>) => (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <BoxCard box={data.box} />
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </>
  )),
};
/** Where lines begin and end, for boxes that are not drawn. */
const handles = [
  { type: "target" as const, position: Position.Left, x: 0, y: size.height / 2, width: 1, height: 1 },
  { type: "source" as const, position: Position.Right, x: size.width, y: size.height / 2, width: 1, height: 1 },
];
const smallest = 0.15;
/** So small a box can still be read; on a phone that is two columns. */
const readable = 0.8;
const phone = 0.6;

export default function Graph({ application, drawn, live, onOpenStack, label }: Props) {
  const places = useMemo(() => placesOf(drawn), [drawn]);
  const [flow, setFlow] = useState<Flow>();
  const frame = useRef<HTMLDivElement>(null);
  const { object, open } = useOpened();
  const chosen = object === undefined ? "" : [object.group, object.kind, object.namespace, object.name].join("/");
  const [at, setAt] = useState("");
  const [taking, setTaking] = useState(false);
  const onTaken = useCallback(() => setTaking(false), []);

  const boxes = useMemo(() => new Map(drawn.boxes.map((box) => [box.id, box])), [drawn]);
  const current = places.has(at) ? at : (drawn.boxes[0]?.id ?? "");
  const nodes = useMemo(() => nodesOf(drawn, places), [drawn, places]);
  const edges = useMemo(() => edgesOf(drawn), [drawn]);
  const mini = useMemo(() => miniOf(places), [places]);

  // What somebody looks at stays where it is in the window, whatever opens beside it; what they open comes into it.
  const before = useRef(places);
  const opening = useRef("");
  useLayoutEffect(() => {
    const [here, there, stack] = [before.current.get(current), places.get(current), opening.current];
    before.current = places;
    opening.current = "";
    if (flow === undefined || here === undefined || there === undefined) return;
    if (here.x !== there.x || here.y !== there.y) {
      const { x, y, zoom } = flow.getViewport();
      void flow.setViewport({ x: x + (here.x - there.x) * zoom, y: y + (here.y - there.y) * zoom, zoom });
    }
    if (stack === current) reveal(flow, frame.current, around([there, ...membersOf(stack, drawn, places)]));
  }, [places, flow, current, drawn]);

  const onPress = useCallback(
    (box: Box) => {
      setAt(box.id);
      if (box.type === "object") {
        const { group, kind, namespace, name } = box.item.node;
        open({ group, kind, namespace, name });
      } else if (box.type === "stack") {
        opening.current = box.open ? "" : box.id;
        onOpenStack(box.id, box.open ? 0 : portion);
      } else if (box.type === "more") {
        setAt(box.stack);
        onOpenStack(box.stack, box.next);
      }
    },
    [open, onOpenStack],
  );
  const attention = useMemo(
    () => ({ application, current, chosen, taking, onTaken, onPress }),
    [application, current, chosen, taking, onTaken, onPress],
  );

  const go = (id: string) => {
    const place = places.get(id);
    if (place === undefined) return;
    setAt(id);
    setTaking(true);
    if (flow !== undefined) reveal(flow, frame.current, around([place]));
  };
  const walk = (event: KeyboardEvent) => {
    if (!arrows.includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const box = boxes.get(current);
    if (event.key === "ArrowRight" && box?.type === "stack" && !box.open) {
      onPress(box);
      return;
    }
    const next = neighbour(current, event.key as Arrow, drawn.links, places);
    if (next !== undefined) go(next);
  };
  const fit = useCallback(() => void flow?.fitView({ padding: 0.06, maxZoom: 1, minZoom: smallest }), [flow]);
  useShortcut("f", "Fit the graph into the window", fit);
  useShortcut("+", "Zoom in", () => void flow?.zoomIn());
  useShortcut("-", "Zoom out", () => void flow?.zoomOut());
  useShortcut("j", "Into the graph; arrows go on from there", () => go(current));

  useEffect(() => {
    const held = frame.current?.contains(document.activeElement) === true;
    if (flow !== undefined && frame.current !== null && !held) begin(flow, frame.current);
  }, [flow, live]); // once more when the cluster has answered, unless somebody walks in it by now

  return (
    // The keys are those of the buttons in it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div className="graph" ref={frame} onKeyDown={walk} role="group" aria-label={label}>
      <Attending value={attention}>
        <ReactFlow<BoxNode>
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          onInit={setFlow}
          onlyRenderVisibleElements
          minZoom={smallest}
          maxZoom={1.6}
          panOnScroll
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          disableKeyboardA11y
          zoomOnDoubleClick={false}
          deleteKeyCode={null}
          selectionKeyCode={null}
          multiSelectionKeyCode={null}
        >
          {drawn.boxes.length > 30 && (
            <MiniMap<BoxNode>
              pannable
              zoomable
              style={mini}
              ariaLabel="Where the window is in the graph"
              nodeClassName={(node) => `mini-${toneOf(node.data.box)}`}
              nodeBorderRadius={8}
            />
          )}
        </ReactFlow>
      </Attending>
      <div className="graph-tools" role="group" aria-label="Zoom">
        <IconButton look="plain" icon="plus" label="Zoom in (+)" onClick={() => void flow?.zoomIn()} />
        <IconButton look="plain" icon="minus" label="Zoom out (-)" onClick={() => void flow?.zoomOut()} />
        <IconButton look="plain" icon="fit" label="Fit into the window (f)" onClick={fit} />
      </div>
    </div>
  );
}

function nodesOf({ boxes }: Drawn, places: Places): BoxNode[] {
  return boxes.flatMap((box) => {
    const position = places.get(box.id);
    if (position === undefined) return [];
    return [{ id: box.id, type: "box" as const, position, data: { box }, ...size, measured: size, handles }];
  });
}

function edgesOf({ links }: Drawn): Edge[] {
  return links.map(({ source, target }) => ({
    id: `${source}→${target}`,
    source,
    target,
    type: "smoothstep",
    domAttributes: { "aria-hidden": true }, // boxes say what hangs on them by where arrows lead
  }));
}

/** The map in the corner, in pixels: as high or as wide as what it shows. */
function miniOf(places: Places): { width: number; height: number } {
  const { width, height } = around([...places.values()]);
  return width * 2 < height ? { width: 80, height: 220 } : { width: 140, height: 100 };
}

/** The whole graph, if it can be read then; else its beginning in a readable size. */
function begin(flow: Flow, frame: HTMLElement): void {
  const { x, y, width, height } = flow.getNodesBounds(flow.getNodes());
  const fitting = Math.min((frame.clientWidth - 32) / width, (frame.clientHeight - 32) / height);
  const columns = (frame.clientWidth - 32) / (2 * size.width + step);
  const zoom = Math.min(1, Math.max(fitting, Math.min(readable, Math.max(columns, phone))));
  const root = flow.getNode(rootId)?.position ?? { x, y: y + height / 2 };
  // On a phone the page has to be scrolled until all of the frame is seen.
  const seen = Math.max(
    frame.clientHeight / 2,
    Math.min(frame.clientHeight, window.innerHeight - frame.getBoundingClientRect().top),
  );
  const top = fitting >= zoom ? Math.max(16, (seen - height * zoom) / 2) - y * zoom : seen / 2 - (root.y + 30) * zoom;
  void flow.setViewport({ x: 16 - x * zoom, y: top, zoom });
}

function membersOf(stack: string, { links }: Drawn, places: Places): Place[] {
  return links.flatMap(({ source, target }) => (source === stack ? (places.get(target) ?? []) : []));
}

/** The smallest rectangle that these boxes stand in. */
function around(all: readonly Place[]): Rect {
  const [xs, ys] = [all.map(({ x }) => x), all.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x + size.width, height: Math.max(...ys) - y + size.height };
}

/** Moves the window, if it must, until a rectangle is well in it: to its right end where it is wider than the window, and
    not up or down where it is higher. */
function reveal(flow: Flow, frame: HTMLElement | null, { x, y, width, height }: Rect): void {
  if (frame === null) return;
  const view = flow.getViewport();
  const margin = 24;
  const [left, top] = [x * view.zoom + view.x, y * view.zoom + view.y];
  const [right, bottom] = [left + width * view.zoom, top + height * view.zoom];
  const [over, under] = [frame.clientWidth - margin - right, frame.clientHeight - margin - bottom];
  const dx = over < 0 ? over : left < margin ? Math.min(margin - left, over) : 0;
  const dy = bottom - top > frame.clientHeight - 2 * margin ? 0 : top < margin ? margin - top : Math.min(0, under);
  if (dx !== 0 || dy !== 0) void flow.setViewport({ ...view, x: view.x + dx, y: view.y + dy });
}

function toneOf(box: Box): string {
  const health =
    box.type === "object" ? healthOf(box.item.node) : box.type === "stack" ? (healthsOf(box.items)[0]?.[0] ?? "") : "";
  return health === "" ? "none" : healthLook(health).tone;
}
