import { describe, expect, test } from "vitest";

import type { TreeNode } from "../../queries";
import { drawTree, healthsOf, portion, rootId } from "./grouping";
import { placesOf } from "./laying";
import { abbreviated, counted, modelOf, tagOf } from "./model";
import { drawNetwork, hasNetwork } from "./network";
import { rowsOf } from "./rows";
import { readShown, select, type Selected, writeShown } from "./selecting";
import { neighbour } from "./walking";

const all: Selected = { fits: undefined, kept: undefined };
const none = new Map<string, number>();

function node(kind: string, name: string, more: Partial<TreeNode> = {}): TreeNode {
  const group = ["Deployment", "ReplicaSet"].includes(kind) ? "apps" : "";
  return { group, version: "v1", kind, namespace: "shop", name, uid: `${kind} ${name}`, ...more };
}

function owned(kind: string, name: string, owner: TreeNode, more: Partial<TreeNode> = {}): TreeNode {
  const { group, kind: ownerKind, namespace, name: ownerName, uid } = owner;
  return node(kind, name, { parentRefs: [{ group, kind: ownerKind, namespace, name: ownerName, uid }], ...more });
}

/** A Deployment with its ReplicaSet and so many pods, the last of which is degraded. */
function shop(pods: number): TreeNode[] {
  const deployment = node("Deployment", "web", { managed: true, status: "Synced", health: { status: "Degraded" } });
  const set = owned("ReplicaSet", "web-1", deployment);
  return [
    deployment,
    set,
    ...Array.from({ length: pods }, (_, at) =>
      owned("Pod", `web-1-${at}`, set, { health: { status: at === pods - 1 ? "Degraded" : "Healthy" } }),
    ),
  ];
}

const ids = (drawn: { boxes: readonly { id: string }[] }) => drawn.boxes.map(({ id }) => id);

describe("the tree", () => {
  test("hangs children on their owners, and what has none on the application", () => {
    const model = modelOf(shop(2));
    expect(model.roots.map(({ id }) => id)).toEqual(["apps/Deployment/shop/web"]);
    expect(model.items.get("/Pod/shop/web-1-0")?.parent?.id).toBe("apps/ReplicaSet/shop/web-1");
  });

  test("has each object once, also where objects own each other in a circle", () => {
    const [one, other] = [node("Pod", "a"), node("Pod", "b")];
    const model = modelOf([owned("Pod", "a", other), owned("Pod", "b", one)]);
    const rows = rowsOf(model, all, new Set());
    expect(rows.map(({ item }) => item.node.name).sort()).toEqual(["a", "b"]);
  });

  test("finds an owner that has no namespace", () => {
    const role = node("ClusterThing", "all", { namespace: "" });
    const child = owned("ConfigMap", "made", { ...role, namespace: "shop" });
    expect(modelOf([role, child]).roots).toHaveLength(1);
  });

  test("orders by wave, kind and name, numbers as numbers", () => {
    const nodes = [
      node("ConfigMap", "b-10"),
      node("ConfigMap", "b-9"),
      node("Service", "a"),
      node("Ingress", "late", { syncWave: 2 }),
      node("Secret", "early", { syncWave: -1 }),
    ];
    expect(modelOf(nodes).roots.map(({ node: { name } }) => name)).toEqual(["early", "a", "b-9", "b-10", "late"]);
  });

  test("names kinds and tags in few letters", () => {
    expect([abbreviated("Deployment"), abbreviated("CertificateRequest")]).toEqual(["deploy", "cr"]);
    const tags = ["a/b:5000/web:1.2", "host:5000/web", `web@sha256:${"0".repeat(64)}`];
    expect(tags.map((image) => tagOf(node("Pod", "x", { images: [image] })))).toEqual(["1.2", "", "000000000000"]);
    expect([counted(1, "Pod"), counted(1200, "Pod"), counted(2, "Ingress"), counted(2, "NetworkPolicy")]).toEqual([
      "1 Pod",
      "1,200 Pods",
      "2 Ingresses",
      "2 NetworkPolicies",
    ]);
  });
});

describe("stacks", () => {
  test("draw few siblings one by one, and many as one", () => {
    expect(ids(drawTree(modelOf(shop(5)), all, none))).toHaveLength(1 + 2 + 5);
    const boxes = drawTree(modelOf(shop(37)), all, none).boxes;
    expect(boxes).toHaveLength(1 + 2 + 1);
    const stack = boxes.find((box) => box.type === "stack");
    expect(stack?.items).toHaveLength(37);
    expect(healthsOf(stack?.items ?? [])).toEqual([
      ["Degraded", 1],
      ["Healthy", 36],
    ]);
  });

  test("open a portion at a time, and keep their own place", () => {
    const model = modelOf(shop(120));
    const id = "apps/ReplicaSet/shop/web-1 Pod";
    const opened = drawTree(model, all, new Map([[id, portion]]));
    expect(opened.boxes.filter((box) => box.type === "object" && box.item.node.kind === "Pod")).toHaveLength(portion);
    expect(opened.boxes.find((box) => box.type === "more")).toMatchObject({ left: 70, next: 2 * portion, stack: id });
    const whole = drawTree(model, all, new Map([[id, 3 * portion]]));
    expect(whole.boxes.some((box) => box.type === "more")).toBe(false);
    expect(ids(whole)).toContain(id);
  });

  test("of thousands draw a handful", () => {
    const nodes = Array.from({ length: 50 }, (_, at) => shop(100).map((each) => renamed(each, at))).flat();
    const model = modelOf(nodes);
    expect(model.items.size).toBe(5100);
    expect(drawTree(model, all, none).boxes).toHaveLength(2);
  });

  test("hold ReplicaSets without pods, however few", () => {
    const [deployment, set] = shop(0);
    if (deployment === undefined || set === undefined) throw new Error("no shop");
    const empty = { info: [{ name: "Replicas", value: "0/0" }] };
    const nodes = [deployment, set, ...["old1", "old2"].map((name) => owned("ReplicaSet", name, deployment, empty))];
    const boxes = drawTree(modelOf(nodes), all, none).boxes;
    expect(boxes.find((box) => box.type === "stack")).toMatchObject({ old: true, open: false });
    expect(boxes).toHaveLength(4);
  });

  test("look the same for the same objects, whatever their health", () => {
    const well = shop(20).map((each) => ({ ...each, health: { status: "Healthy" } }));
    const [one, other] = [shop(20), well].map((nodes) => placesOf(drawTree(modelOf(nodes), all, none)));
    expect(one).toEqual(other);
  });
});

function renamed(each: TreeNode, at: number): TreeNode {
  const parentRefs = (each.parentRefs ?? []).map((ref) => ({ ...ref, name: `${ref.name}-n${at}` }));
  return { ...each, name: `${each.name}-n${at}`, uid: `${each.uid} ${at}`, parentRefs };
}

describe("filters", () => {
  const shown = readShown(new URLSearchParams("health=Degraded&kind=Pod"));

  test("keep what fits with what it hangs on, and fade that", () => {
    const model = modelOf(shop(37));
    const selected = select(model, shown);
    expect([...(selected.fits ?? [])]).toEqual(["/Pod/shop/web-1-36"]);
    const drawn = drawTree(model, selected, none);
    expect(drawn.boxes.map((box) => (box.type === "object" ? box.faded : undefined))).toEqual([
      undefined,
      true,
      true,
      false,
    ]);
  });

  test("search names, kinds, images and words", () => {
    const model = modelOf([
      node("Pod", "a", { info: [{ name: "Status", value: "CrashLoopBackOff" }] }),
      node("Pod", "b"),
    ]);
    const found = (q: string) => [...(select(model, readShown(new URLSearchParams({ q }))).fits ?? [])];
    expect(found("crashloop pod")).toEqual(["/Pod/shop/a"]);
    expect(found("b")).toEqual(["/Pod/shop/a", "/Pod/shop/b"]);
  });

  test("stand in the address beside what else it says", () => {
    const before = new URLSearchParams("resource=%2FPod%2Fshop%2Fa&sync=OutOfSync");
    const after = writeShown(before, { ...shown, view: "list" });
    expect(after.toString()).toBe("resource=%2FPod%2Fshop%2Fa&view=list&kind=Pod&health=Degraded");
    expect(readShown(new URLSearchParams("view=nonsense")).view).toBeUndefined();
  });
});

describe("the list", () => {
  test("closes what is turned, and says level, place and number", () => {
    const model = modelOf(shop(3));
    const rows = rowsOf(model, all, new Set());
    expect(rows.map(({ level, place, siblings }) => [level, place, siblings])).toEqual([
      [1, 1, 1],
      [2, 1, 1],
      [3, 1, 3],
      [3, 2, 3],
      [3, 3, 3],
    ]);
    expect(rowsOf(model, all, new Set(["apps/ReplicaSet/shop/web-1"])).map(({ open }) => open)).toEqual([true, false]);
  });

  test("of many objects begins closed", () => {
    expect(rowsOf(modelOf(shop(500)), all, new Set())).toHaveLength(1);
  });
});

describe("the network", () => {
  const pods = Array.from({ length: 3 }, (_, at) => node("Pod", `p${at}`));
  const service = node("Service", "web", { targets: pods.map(({ uid }) => uid) });
  const ingress = node("Ingress", "shop", { targets: [service.uid] });

  test("leads from Ingress to Service to pods, and leaves out the rest", () => {
    const model = modelOf([...pods, service, ingress, node("ConfigMap", "x")]);
    const { boxes, links } = drawNetwork(model, all, none);
    expect(hasNetwork(model)).toBe(true);
    expect(boxes).toHaveLength(5);
    expect(links).toContainEqual({ source: "/Ingress/shop/shop", target: "/Service/shop/web" });
    expect(links.filter(({ source }) => source === "/Service/shop/web")).toHaveLength(3);
  });

  test("stacks the pods of one Service", () => {
    const many = Array.from({ length: 30 }, (_, at) => node("Pod", `p${at}`));
    const model = modelOf([...many, { ...service, targets: many.map(({ uid }) => uid) }]);
    expect(drawNetwork(model, all, none).boxes.map(({ type }) => type)).toEqual(["object", "stack"]);
  });

  test("is not there without targets", () => {
    expect(hasNetwork(modelOf(pods))).toBe(false);
  });
});

describe("places", () => {
  const links = [
    { source: rootId, target: "a" },
    { source: rootId, target: "b" },
    { source: "b", target: "c" },
  ];
  const boxes = [rootId, "a", "b", "c"].map((id) => ({ type: "root" as const, id }));
  const places = placesOf({ boxes, links });

  test("are columns, with each box beside the middle of what hangs on it", () => {
    expect([...places.values()]).toEqual([
      { x: 0, y: 37 },
      { x: 300, y: 0 },
      { x: 300, y: 74 },
      { x: 600, y: 74 },
    ]);
  });

  test("of what several lead to are behind all of them; a circle ends", () => {
    const more = [...links, { source: "c", target: "a" }];
    expect(placesOf({ boxes, links: more }).get("a")?.x).toBe(900);
    expect(placesOf({ boxes, links: [...links, { source: "c", target: rootId }] }).size).toBe(4);
  });

  test("are no two the same, of thousands", () => {
    const many = Array.from({ length: 50 }, (_, at) => shop(100).map((each) => renamed(each, at))).flat();
    const model = modelOf(many);
    const every = [...model.items.values()];
    const whole = {
      boxes: every.map(({ id }) => ({ type: "root" as const, id })),
      links: every.flatMap(({ id, parent }) => (parent === undefined ? [] : [{ source: parent.id, target: id }])),
    };
    const found = placesOf(whole);
    expect(new Set([...found.values()].map(({ x, y }) => `${x} ${y}`)).size).toBe(5100);
  });

  test("are walked through by arrows", () => {
    expect(neighbour(rootId, "ArrowRight", links, places)).toBe("a");
    expect(neighbour("a", "ArrowDown", links, places)).toBe("b");
    expect(neighbour("b", "ArrowUp", links, places)).toBe("a");
    expect(neighbour("b", "ArrowLeft", links, places)).toBe(rootId);
    expect(neighbour("a", "End", links, places)).toBe("b");
    expect(neighbour("a", "ArrowUp", links, places)).toBeUndefined();
    expect(neighbour(rootId, "ArrowLeft", links, places)).toBeUndefined();
  });
});
