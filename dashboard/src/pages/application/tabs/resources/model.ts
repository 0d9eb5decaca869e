/** The tree as things that hang on each other; every object is named in a way that outlives its uid. */
import type { Application, TreeNode } from "../../queries";
import { writeRef } from "../../resource/address";

export interface Item {
  /** "apps/Deployment/shop/web", as the address has it. */
  id: string;
  node: TreeNode;
  /** The item that it hangs on; undefined for what hangs on the application itself. */
  parent: Item | undefined;
  children: Item[];
}

export interface Model {
  /** By id, in no order. */
  items: ReadonlyMap<string, Item>;
  roots: readonly Item[];
}

/** What the last sync left known: it stands in until the cluster has answered, and where it does not. */
export function remembered({ status }: Application): readonly TreeNode[] {
  return (status.resources ?? []).map((each) => ({
    group: each.group ?? "",
    version: each.version,
    kind: each.kind,
    namespace: each.namespace ?? "",
    name: each.name,
    uid: "",
    managed: true,
    status: each.status,
    ...(each.health === undefined ? {} : { health: each.health }),
    ...(each.syncWave === undefined ? {} : { syncWave: each.syncWave }),
    ...(each.drift === undefined ? {} : { drift: each.drift.length }),
    ...(each.requiresPruning === undefined ? {} : { requiresPruning: each.requiresPruning }),
  }));
}

/** The model of a tree's nodes. Each is in it once: what owns itself in a circle hangs on the application. */
export function modelOf(nodes: readonly TreeNode[]): Model {
  const items = new Map<string, Item>();
  for (const node of nodes) {
    const id = writeRef(node);
    if (!items.has(id)) items.set(id, { id, node, parent: undefined, children: [] });
  }
  for (const item of items.values()) {
    const owner = (item.node.parentRefs ?? [])
      .map((each) => items.get(writeRef(each)) ?? items.get(writeRef({ ...each, namespace: "" })))
      .find((each) => each !== undefined && !isBelow(each, item));
    item.parent = owner;
    owner?.children.push(item);
  }
  const roots = [...items.values()].filter((item) => item.parent === undefined).sort(comparing);
  for (const item of items.values()) item.children.sort(comparing);
  return { items, roots };
}

function isBelow(item: Item, above: Item): boolean {
  for (let each: Item | undefined = item; each !== undefined; each = each.parent) if (each === above) return true;
  return false;
}

/** The usual order of kinds: what is reached first, what runs, what that reads. All others follow by name. */
const kinds = ["Namespace", "Ingress", "HTTPRoute", "Service", "Rollout", "Deployment", "StatefulSet", "DaemonSet"];

function comparing(one: Item, other: Item): number {
  const [a, b] = [one.node, other.node];
  return (
    (a.syncWave ?? 0) - (b.syncWave ?? 0) ||
    rank(a) - rank(b) ||
    compare(a.kind, b.kind) ||
    compare(a.namespace, b.namespace) ||
    compare(a.name, b.name)
  );
}

function rank({ kind }: TreeNode): number {
  const at = kinds.indexOf(kind);
  return at < 0 ? kinds.length : at;
}

const collator = new Intl.Collator("en", { numeric: true });
const compare = collator.compare.bind(collator);

export function healthOf(node: TreeNode): string {
  return node.health?.status ?? "";
}

/** Words of `info` by name: "Containers" is "1/2". */
export function infoOf(node: TreeNode, name: string): string {
  return node.info?.find((each) => each.name === name)?.value ?? "";
}

/** What stands behind the last colon of the first image; the first digits of a digest. */
export function tagOf({ images }: TreeNode): string {
  const image = images?.[0] ?? "";
  const digest = /@sha256:([0-9a-f]{12})/.exec(image);
  if (digest?.[1] !== undefined) return digest[1];
  const last = image.slice(image.lastIndexOf("/") + 1);
  return last.includes(":") ? last.slice(last.indexOf(":") + 1) : "";
}

const abbreviations: Readonly<Record<string, string>> = {
  ClusterRole: "crole",
  ClusterRoleBinding: "crb",
  ConfigMap: "cm",
  CronJob: "cron",
  CustomResourceDefinition: "crd",
  DaemonSet: "ds",
  Deployment: "deploy",
  EndpointSlice: "eps",
  Endpoints: "ep",
  HorizontalPodAutoscaler: "hpa",
  Ingress: "ing",
  Job: "job",
  Namespace: "ns",
  NetworkPolicy: "netpol",
  PersistentVolume: "pv",
  PersistentVolumeClaim: "pvc",
  Pod: "pod",
  PodDisruptionBudget: "pdb",
  ReplicaSet: "rs",
  Role: "role",
  RoleBinding: "rb",
  Secret: "secret",
  Service: "svc",
  ServiceAccount: "sa",
  StatefulSet: "sts",
};

/** A kind in a few letters, as kubectl has it; of other kinds the capitals. */
export function abbreviated(kind: string): string {
  return (
    abbreviations[kind] ??
    (kind
      .replace(/[^A-Z]/g, "")
      .slice(0, 5)
      .toLowerCase() ||
      kind.slice(0, 4))
  );
}

/** "3 Pods", "1 Ingress", "2 NetworkPolicies". */
export function counted(count: number, kind: string): string {
  if (count === 1) return `1 ${kind}`;
  const many = /(?:s|x|ch)$/.test(kind) ? (kind === "Endpoints" ? kind : `${kind}es`) : kind.replace(/y$/, "ie") + "s";
  return `${count.toLocaleString("en")} ${many}`;
}
