/** Which object is opened, and which of its panes: both stand in the address, `?resource=apps/Deployment/shop/web&pane=diff`. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";

/** Who an object is. Empty texts for the core group and for objects without a namespace. */
export interface ObjectRef {
  group: string;
  kind: string;
  namespace: string;
  name: string;
}

/** "apps/Deployment/shop/web". */
export function writeRef({ group, kind, namespace, name }: ObjectRef): string {
  return [group, kind, namespace, name].join("/");
}

/** What `writeRef` wrote; undefined for anything else. Names of some kinds have no slash, so four parts are exact. */
export function readRef(text: string | null): ObjectRef | undefined {
  const [group, kind, namespace, name, ...more] = (text ?? "").split("/");
  if (group === undefined || !kind || namespace === undefined || !name || more.length > 0) return undefined;
  return { group, kind, namespace, name };
}

/** The query of the API that names an object. */
export function refQuery({ group, kind, namespace, name }: ObjectRef) {
  return { group, kind, resourceNamespace: namespace, resourceName: name };
}

interface Opened {
  object: ObjectRef | undefined;
  /** Empty for the pane that comes first. */
  pane: string;
  /** Opens another object or pane in place of this one; undefined closes. */
  open: (object: ObjectRef | undefined, pane?: string) => void;
}

/** The object that the address opens. */
export function useOpened(): Opened {
  const [search, setSearch] = useSearchParams();
  const text = search.get("resource");
  const object = useMemo(() => readRef(text), [text]);
  const open = useCallback(
    (next: ObjectRef | undefined, pane = "") =>
      setSearch((before) => {
        const after = new URLSearchParams(before);
        after.delete("resource");
        after.delete("pane");
        for (const name of [...after.keys()]) if (name.startsWith("log.")) after.delete(name);
        if (next !== undefined) after.set("resource", writeRef(next));
        if (next !== undefined && pane !== "") after.set("pane", pane);
        return after;
      }),
    [setSearch],
  );
  return { object, pane: search.get("pane") ?? "", open };
}
