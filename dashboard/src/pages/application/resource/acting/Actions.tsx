/** What can be done with one object: actions of its kind, a sync of it alone, its deletion. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { change } from "@/api/client";
import { errorToast, type IconName, Menu, type MenuEntry, useToast } from "@/parts";

import { type Application, keyOf, pathOf } from "../../queries";
import { isUnderWay } from "../../status";
import { writeRef } from "../address";
import type { PaneProps } from "../panes";
import { actionsQuery, type Offers } from "../queries";
import { textAt } from "../status";
import { ActionDialog } from "./ActionDialog";
import { mayI } from "./asking";
import { DeleteDialog } from "./DeleteDialog";

type Offered = Offers["actions"][number];
type Asked = { kind: "action"; offered: Offered } | { kind: "delete" } | undefined;

export function Actions(props: PaneProps) {
  const { application, named, object, resource } = props;
  // Who never comes near the button asks the cluster for nothing.
  const [wanted, setWanted] = useState(false);
  const [asked, setAsked] = useState<Asked>();
  const say = useToast();
  const queries = useQueryClient();
  const there = resource.live !== null;
  const version = textAt(resource.live, "metadata", "resourceVersion");
  const offers = useQuery({ ...actionsQuery(named, object, version), enabled: wanted && there, staleTime: 5_000 });
  const target = targetOf(application);
  const { group, kind, namespace, name } = object;
  const actions = (there ? offers.data?.actions : undefined) ?? [];
  const rights = [
    ...actions.map((each) => `action/${group}/${kind}/${each.name}`),
    ...(there ? [`delete/${group}/${kind}/${namespace}/${name}`] : []),
    ...(resource.managed ? ["sync"] : []),
  ];
  const may = useQuery({
    queryKey: keyOf(named, "may", target, ...rights),
    queryFn: async ({ signal }) => new Set(await permitted(rights, target, signal)),
    enabled: wanted && (!there || offers.data !== undefined || offers.isError),
    staleTime: 60_000,
  });
  const sync = () => {
    const resources = [{ group, kind, namespace, name }];
    change("POST", pathOf(named, "/sync"), { query: { namespace: named.namespace }, body: { resources } }).then(
      () => {
        say({ tone: "good", text: `A sync of ${kind} ${name} alone is asked for` });
        void queries.invalidateQueries({ queryKey: keyOf(named) });
      },
      (error: unknown) => say(errorToast(error)),
    );
  };
  const refusal = (right: string) =>
    may.data?.has(right) === true ? undefined : `you may not: it needs applications, ${right} on ${target}`;
  const entries: MenuEntry[] = [];
  if (may.data !== undefined) {
    for (const each of actions) {
      const senseless = each.disabled ? "makes no sense as it is now" : undefined;
      entries.push({
        label: titleOf(each),
        icon: icons[each.name] ?? "bolt",
        disabled: refusal(`action/${group}/${kind}/${each.name}`) ?? senseless,
        onChoose: () => setAsked({ kind: "action", offered: each }),
      });
    }
    if (resource.managed) {
      const busy = isUnderWay(application) ? "an operation is under way" : undefined;
      entries.push({ label: "Sync this alone", icon: "sync", disabled: refusal("sync") ?? busy, onChoose: sync });
    }
    if (there) {
      const disabled = refusal(`delete/${group}/${kind}/${namespace}/${name}`);
      const ask = () => setAsked({ kind: "delete" });
      entries.push({ label: "Delete…", icon: "trash", look: "danger", disabled, onChoose: ask });
    }
  }
  const failed = offers.error ?? may.error;
  return (
    // Hovering or reaching the button is what asks.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <span onPointerEnter={() => setWanted(true)} onFocus={() => setWanted(true)} onPointerDown={() => setWanted(true)}>
      <Menu
        label="Actions"
        icon="bolt"
        to="right"
        entries={entries}
        empty={may.data !== undefined ? "Nothing that you may do" : failed !== null ? String(failed) : "Looking…"}
      />
      {asked?.kind === "action" && (
        <ActionDialog {...props} key={writeRef(object)} offered={asked.offered} onClose={() => setAsked(undefined)} />
      )}
      {asked?.kind === "delete" && <DeleteDialog {...props} onClose={() => setAsked(undefined)} />}
    </span>
  );
}

const icons: Readonly<Record<string, IconName>> = {
  pause: "pause",
  suspend: "pause",
  resume: "play",
  restart: "refresh",
  retry: "refresh",
  scale: "expand",
  "create-job": "plus",
  terminate: "stop",
  abort: "undo",
  "promote-full": "up",
};

export function titleOf({ displayName, name }: Offered): string {
  const title = displayName !== "" ? displayName : name.replaceAll("-", " ");
  return title.charAt(0).toUpperCase() + title.slice(1);
}

/** What policies call the application. */
function targetOf({ metadata, spec }: Application): string {
  const { namespace = "argocd", name } = metadata;
  const project = spec.project ?? "default";
  return namespace === "argocd" ? `${project}/${name}` : `${project}/${namespace}/${name}`;
}

async function permitted(rights: readonly string[], target: string, signal: AbortSignal): Promise<readonly string[]> {
  const answers = await Promise.all(rights.map((right) => mayI(right, target, signal)));
  return rights.filter((_, at) => answers[at]);
}
