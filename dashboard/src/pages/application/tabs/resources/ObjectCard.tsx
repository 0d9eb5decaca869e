/** One box of the graph. Each is a button; one of them at a time is a stop of Tab, arrows lead to the others. */
import { createContext, memo, type ReactNode, use, useEffect, useRef } from "react";

import { Icon, Sign } from "@/parts";
import { healthLook, syncLook } from "@/parts/Marks";

import type { Application } from "../../queries";
import { type Box, healthsOf } from "./grouping";
import { abbreviated, counted, healthOf, infoOf, type Item, tagOf } from "./model";

interface Attention {
  application: Application;
  /** The box that Tab leads to. */
  current: string;
  /** The object whose drawer is open. */
  chosen: string;
  /** Whether the current box takes the focus as soon as it is there. */
  taking: boolean;
  onTaken: () => void;
  onPress: (box: Box) => void;
}

export const Attending = createContext<Attention | undefined>(undefined);

type StackBox = Extract<Box, { type: "stack" }>;

export const BoxCard = memo(({ box }: { box: Box }) => {
  const attention = use(Attending);
  const ref = useRef<HTMLButtonElement>(null);
  const current = attention?.current === box.id;
  const taking = current && attention.taking;
  useEffect(() => {
    if (!taking) return;
    ref.current?.focus({ preventScroll: true });
    attention.onTaken();
  }, [taking, attention]);
  if (attention === undefined) return null;
  const stack = box.type === "stack" ? { "aria-expanded": box.open } : {};
  return (
    <button
      ref={ref}
      type="button"
      className="node"
      data-type={box.type}
      data-box={box.id}
      data-faded={box.type === "object" && box.faded ? "" : undefined}
      aria-current={box.type === "object" && attention.chosen === box.id ? "true" : undefined}
      {...stack}
      tabIndex={current ? 0 : -1}
      onClick={() => attention.onPress(box)}
    >
      <span className="hidden-text">{nameOf(box, attention.application)}</span>
      <span className="node-face" aria-hidden="true">
        {box.type === "root" && <RootFace application={attention.application} />}
        {box.type === "object" && <ObjectFace item={box.item} />}
        {box.type === "stack" && <StackFace box={box} />}
        {box.type === "more" && (
          <Face mark="…" name={`${box.left.toLocaleString("en")} more`}>
            <span className="soft">Show the next {Math.min(box.left, 50)}</span>
          </Face>
        )}
      </span>
    </button>
  );
}, alike);
BoxCard.displayName = "BoxCard";

/** Boxes are made anew with each answer; most of them look as before. */
function alike({ box: one }: { box: Box }, { box: other }: { box: Box }): boolean {
  if (one === other) return true;
  if (one.type !== "object" || other.type !== "object") return false;
  return one.id === other.id && one.faded === other.faded && one.item.node === other.item.node;
}

/** What a box is, in words. */
function nameOf(box: Box, application: Application): string {
  if (box.type === "root") {
    const { health, sync } = application.status;
    return `Application ${application.metadata.name}, ${health.status}, ${sync.status}`;
  }
  if (box.type === "more") return `Show more of ${box.left}`;
  if (box.type === "stack") {
    const healths = healthsOf(box.items).map(([health, count]) => `${count} ${health}`);
    return [`${counted(box.items.length, box.kind)}${box.old ? " without pods" : ""}`, ...healths].join(", ");
  }
  return describe(box.item);
}

function describe({ node }: Item): string {
  const drift = node.drift ?? 0;
  return [
    `${node.kind} ${node.name}`,
    healthOf(node),
    node.status ?? "",
    node.hook === undefined ? "" : `hook ${node.hook}`,
    node.syncWave === undefined ? "" : `wave ${node.syncWave}`,
    drift === 0 ? "" : `${drift} ${drift === 1 ? "field" : "fields"} drifted`,
    node.requiresPruning === true ? "to be pruned" : "",
    ...(node.info ?? []).map(({ name, value }) => `${name} ${value}`),
  ]
    .filter(Boolean)
    .join(", ");
}

function Face({ mark, name, children }: { mark: ReactNode; name: string; children: ReactNode }) {
  return (
    <>
      <span className="node-kind">{mark}</span>
      <span className="node-words">
        <span className="node-name clip">{name}</span>
        <span className="node-marks">{children}</span>
      </span>
    </>
  );
}

function RootFace({ application }: { application: Application }) {
  const { health, sync } = application.status;
  return (
    <Face mark={<Icon name="anchor" size={18} />} name={application.metadata.name}>
      <Health value={health.status} />
      <Sync value={sync.status} />
    </Face>
  );
}

function ObjectFace({ item: { node } }: { item: Item }) {
  const health = healthOf(node);
  const ready = infoOf(node, "Containers") || infoOf(node, "Replicas") || infoOf(node, "Completions");
  const restarts = infoOf(node, "Restarts");
  const told = infoOf(node, "Status");
  const tag = tagOf(node);
  const drift = node.drift ?? 0;
  return (
    <>
      <Face mark={abbreviated(node.kind)} name={node.name}>
        {health !== "" && <Health value={health} word={told !== "" && told !== "Running" ? told : health} />}
        {node.status !== undefined && node.status !== "Synced" && <Sync value={node.status} />}
        {ready !== "" && <span>{ready}</span>}
        {restarts !== "" && <span className="node-restarts">↻ {restarts}</span>}
        {health === "" && node.status === "Synced" && <Sync value={node.status} />}
        {tag !== "" && restarts === "" && <span className="node-tag clip mono">{tag}</span>}
      </Face>
      <span className="node-badges">
        {node.hook !== undefined && <span className="node-badge">{node.hook}</span>}
        {node.syncWave !== undefined && node.syncWave !== 0 && (
          <span className="node-badge" title={`Sync wave ${node.syncWave}`}>
            w{node.syncWave}
          </span>
        )}
        {drift > 0 && (
          <span className="node-badge" data-tone="warn" title={`${drift} drifted`}>
            <Icon name="drift" size={12} />
            {drift}
          </span>
        )}
        {node.requiresPruning === true && (
          <span className="node-badge" data-tone="warn" title="To be pruned">
            <Icon name="trash" size={12} />
          </span>
        )}
      </span>
    </>
  );
}

function StackFace({ box }: { box: StackBox }) {
  return (
    <>
      <Face mark={abbreviated(box.kind)} name={`${counted(box.items.length, box.kind)}${box.old ? ", old" : ""}`}>
        {healthsOf(box.items).map(([health, count]) => (
          <span key={health} className="mark" data-tone={healthLook(health).tone}>
            <Sign shape={healthLook(health).shape} size={12} />
            {count.toLocaleString("en")}
          </span>
        ))}
        {box.old && <span className="soft">without pods</span>}
      </Face>
      <span className="node-turn" data-open={box.open ? "" : undefined}>
        <Icon name="chevron" size={14} />
      </span>
    </>
  );
}

function Health({ value, word = value }: { value: string; word?: string }) {
  const { tone, shape } = healthLook(value);
  return (
    <span className="mark" data-tone={tone}>
      <Sign shape={shape} size={12} />
      <span className="clip">{word}</span>
    </span>
  );
}

function Sync({ value }: { value: string }) {
  const { tone, shape } = syncLook(value);
  return (
    <span className="mark" data-tone={tone}>
      <Sign shape={shape} size={12} />
      {value}
    </span>
  );
}
