/** What can be done with the application, each with its key; what the caller may not do says why. */
import "./actions.css";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";

import { change } from "@/api/client";
import type { Schema } from "@/api/types";
import { useShortcut } from "@/app/shortcuts";
import { Button, type ButtonLook, errorToast, type IconName, Menu, useToast } from "@/parts";

import { type Application, applicationQuery, keyOf, type Named, pathOf } from "../queries";
import { autoSyncOf, awaitedOf, isUnderWay, isWaiting, pauseOf } from "../status";
import { type Asked, isPending } from "./asked";
import { DeleteDialog } from "./DeleteDialog";
import { PauseDialog } from "./PauseDialog";
import { useRefusals } from "./rights";
import { SyncDialog } from "./SyncDialog";

interface Props {
  application: Application;
  named: Named;
  asked: Asked | undefined;
  onAsked: (asked: Asked) => void;
}

type Above = "sync" | "delete" | "pause" | undefined;

export function Actions({ application, named, asked, onAsked }: Props) {
  const say = useToast();
  const [above, setAbove] = useState<Above>();
  const refusals = useRefusals(application, named);
  const deleting = application.metadata.deletionTimestamp !== undefined;
  const underWay = isUnderWay(application);
  const paused = pauseOf(application);
  const query = { namespace: named.namespace };
  const post = <Answer,>(rest: string, more: { body?: unknown; query?: Record<string, string | boolean> } = {}) =>
    change<Answer>("POST", pathOf(named, rest), { ...more, query: { ...query, ...more.query } });

  const refresh = useAsking(named, {
    ask: (hard: boolean) => post("/refresh", { query: { hard } }),
    said: (hard) =>
      hard
        ? "Git and the cluster are looked at now, and all is rendered anew"
        : "Git and the cluster are looked at now",
  });
  const terminate = useAsking(named, {
    ask: () => change("DELETE", pathOf(named, "/operation"), { query }),
    said: () => (underWay ? "The operation is being ended" : "The request is ended"),
    expected: (before: Application) => (underWay ? withPhase(before, "Terminating") : withoutRequest(before)),
  });
  const pause = useAsking(named, {
    ask: (why: string) => post<Schema<"PauseState">>("/pause", { body: { why } }),
    said: () => "Automated sync is paused",
    expected: (before: Application, why) => withPause(before, { by: "you", at: new Date().toISOString(), why }),
    done: () => setAbove(undefined),
  });
  const resume = useAsking(named, {
    ask: () => post<Schema<"ResumeState">>("/resume"),
    said: () => "Automated sync goes on",
    expected: (before: Application) => withPause(before, undefined),
  });
  const confirm = useAsking(named, {
    ask: () => post<Schema<"Confirmed">>("/confirm"),
    said: () => "Confirmed: what waited is being deleted",
  });

  const gone = deleting ? "It is being deleted" : undefined;
  const automated = autoSyncOf(application).on || paused !== undefined;
  const not = {
    sync: refusals.sync ?? gone,
    refresh: refusals.get ?? gone,
    terminate: refusals.sync ?? (underWay || isWaiting(application) ? undefined : "Nothing is under way"),
    pause: refusals.update ?? gone ?? (automated ? undefined : "It is synced by hand already"),
    delete: refusals.delete ?? gone,
  };
  const unless = (why: string | undefined, run: () => void) => () => {
    if (why === undefined) run();
    else say({ tone: "warn", text: why });
  };
  const doing = {
    sync: unless(not.sync, () => setAbove("sync")),
    refresh: unless(not.refresh, () => refresh.mutate(false)),
    hard: unless(not.refresh, () => refresh.mutate(true)),
    terminate: unless(not.terminate, () => terminate.mutate(undefined)),
    pause: unless(not.pause, () => (paused === undefined ? setAbove("pause") : resume.mutate(undefined))),
    delete: unless(not.delete, () => setAbove("delete")),
  };
  useShortcut("s", "Sync…", doing.sync);
  useShortcut("r", "Refresh", doing.refresh);
  useShortcut("R", "Refresh and render all anew", doing.hard);
  useShortcut("P", paused === undefined ? "Pause automated sync…" : "Resume automated sync", doing.pause);
  useShortcut("T", "Terminate the operation", doing.terminate);

  const waits = isPending(asked, application);
  const awaited = awaitedOf(application);
  return (
    <div className="act">
      {awaited !== undefined && (
        <Act
          look="danger"
          icon="check"
          not={refusals.sync}
          busy={confirm.isPending}
          title={awaited}
          onPress={() => confirm.mutate(undefined)}
        >
          Confirm deletion
        </Act>
      )}
      {paused !== undefined && (
        <Act icon="play" not={not.pause} busy={resume.isPending} keys="P" onPress={doing.pause}>
          Resume
        </Act>
      )}
      <Act icon="refresh" not={not.refresh} busy={refresh.isPending} keys="r" onPress={doing.refresh}>
        <span className="act-word">Refresh</span>
      </Act>
      <Act look="strong" icon="sync" not={not.sync} busy={waits} keys="s" onPress={doing.sync}>
        {waits ? "Asked for" : "Sync"}
      </Act>
      <Menu
        to="right"
        icon="dots"
        name="More"
        label={null}
        entries={[
          { label: "Hard refresh", icon: "refresh", aside: "R", onChoose: doing.hard },
          paused === undefined
            ? { label: "Pause automated sync", icon: "pause", aside: "P", onChoose: doing.pause }
            : { label: "Resume automated sync", icon: "play", aside: "P", onChoose: doing.pause },
          { label: "Terminate", icon: "stop", aside: "T", onChoose: doing.terminate },
          { label: "Delete", icon: "trash", look: "danger", onChoose: doing.delete },
        ]}
      />
      {above === "sync" && (
        <SyncDialog application={application} named={named} onAsked={onAsked} onClose={() => setAbove(undefined)} />
      )}
      {above === "delete" && (
        <DeleteDialog application={application} named={named} onClose={() => setAbove(undefined)} />
      )}
      {above === "pause" && (
        <PauseDialog
          name={named.name}
          busy={pause.isPending}
          onPause={(why) => pause.mutate(why)}
          onClose={() => setAbove(undefined)}
        />
      )}
    </div>
  );
}

interface ActProps {
  icon: IconName;
  look?: ButtonLook;
  /** Why not; it can be reached, and says so. */
  not: string | undefined;
  busy: boolean;
  keys?: string;
  title?: string;
  onPress: () => void;
  children: ReactNode;
}

function Act({ not, keys, title, onPress, children, ...rest }: ActProps) {
  const told = not ?? title ?? (keys === undefined ? undefined : `Key: ${keys}`);
  return (
    <Button
      {...rest}
      aria-disabled={not !== undefined}
      aria-keyshortcuts={keys}
      {...(told === undefined ? {} : { title: told })}
      {...(not === undefined ? {} : { "aria-description": not })}
      onClick={onPress}
    >
      {children}
    </Button>
  );
}

interface Asking<Given> {
  ask: (given: Given) => Promise<unknown>;
  said: (given: Given) => string;
  /** What the document will say, shown until it does. */
  expected?: (before: Application, given: Given) => Application;
  done?: () => void;
}

/** Asks for a change, shows at once what is expected of it, and takes that back where it is refused. */
function useAsking<Given>(named: Named, { ask, said, expected, done }: Asking<Given>) {
  const say = useToast();
  const queries = useQueryClient();
  const { queryKey } = applicationQuery(named);
  return useMutation({
    mutationFn: ask,
    onMutate: async (given: Given) => {
      await queries.cancelQueries({ queryKey, exact: true });
      const before = queries.getQueryData(queryKey);
      if (before !== undefined && expected !== undefined) queries.setQueryData(queryKey, expected(before, given));
      return before;
    },
    onError: (error, _given, before) => {
      if (before !== undefined) queries.setQueryData(queryKey, before);
      say(errorToast(error));
    },
    onSuccess: (_answer, given) => {
      say({ tone: "good", text: said(given) });
      done?.();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf(named) }),
  });
}

function withPhase(before: Application, phase: string): Application {
  const { operationState } = before.status;
  if (operationState === undefined) return before;
  return { ...before, status: { ...before.status, operationState: { ...operationState, phase } } };
}

function withoutRequest(before: Application): Application {
  const status = { ...before.status };
  delete status.requested;
  return { ...before, status };
}

function withPause(before: Application, paused: Schema<"PausedBy"> | undefined): Application {
  const status = { ...before.status };
  delete status.paused;
  return { ...before, status: paused === undefined ? status : { ...status, paused } };
}
