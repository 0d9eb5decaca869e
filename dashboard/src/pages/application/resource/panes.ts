/** Which panes an object has. */
import { type ComponentType, lazy, type LazyExoticComponent } from "react";

import type { Application, Named } from "../queries";
import type { ObjectRef } from "./address";
import type { LiveResource } from "./queries";

export interface PaneProps {
  application: Application;
  named: Named;
  object: ObjectRef;
  resource: LiveResource;
}

export interface Pane {
  /** Its word in the address. */
  key: string;
  label: string;
  /** Whether this object has it. */
  fits: (resource: LiveResource) => boolean;
  Component: LazyExoticComponent<ComponentType<PaneProps>>;
}

/** Kinds whose pods' logs can be read as one. */
const logged = [
  "Pod",
  "apps/Deployment",
  "apps/ReplicaSet",
  "apps/StatefulSet",
  "apps/DaemonSet",
  "batch/Job",
  "batch/CronJob",
  "ReplicationController",
  "argoproj.io/Rollout",
];

export const panes: readonly Pane[] = [
  {
    key: "summary",
    label: "Summary",
    fits: () => true,
    Component: lazy(() => import("./Summary")),
  },
  {
    key: "diff",
    label: "Diff",
    fits: ({ managed }) => managed,
    Component: lazy(() => import("./DiffPane")),
  },
  {
    key: "manifest",
    label: "Manifest",
    fits: () => true,
    Component: lazy(() => import("./ManifestPane")),
  },
  {
    key: "events",
    label: "Events",
    fits: ({ live }) => live !== null,
    Component: lazy(() => import("./EventsPane")),
  },
  {
    key: "logs",
    label: "Logs",
    fits: ({ group, kind, live }) => live !== null && logged.includes(group === "" ? kind : `${group}/${kind}`),
    Component: lazy(() => import("./logs/LogsPane")),
  },
  {
    key: "fields",
    label: "Who set it",
    fits: ({ managed, live }) => managed && live !== null,
    Component: lazy(() => import("./FieldsPane")),
  },
];
