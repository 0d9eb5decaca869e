/** A sync by hand: of all or of some, to the declared revision or to another, for real or as a dry run. */
import { useMutation } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";

import { change } from "@/api/client";
import type { Schema } from "@/api/types";
import { Button, Dialog, SyncMark, VirtualList } from "@/parts";
import { ScrollArea } from "@/parts/scrolling";

import { type Application, type Named, pathOf } from "../queries";
import { autoSyncOf, pauseOf, sourcesOf } from "../status";
import { type Asked, outcomeOf } from "./asked";
import { Choice } from "./Choice";
import { keyOf, matching, plain, requestOf } from "./choosing";
import { DryRun } from "./DryRun";
import { OnceOptions } from "./OnceOptions";
import { Problem } from "./Problem";

interface Props {
  application: Application;
  named: Named;
  onAsked: (asked: Asked) => void;
  onClose: () => void;
}

/** A request names so many objects at most. */
const most = 500;

export function SyncDialog({ application, named, onAsked, onClose }: Props) {
  const resources = useMemo(() => application.status.resources ?? [], [application]);
  const policy = autoSyncOf(application);
  const sources = sourcesOf(application);
  const [some, setSome] = useState(false);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [prune, setPrune] = useState<boolean>();
  const [dryRun, setDryRun] = useState(false);
  const [revision, setRevision] = useState("");
  const [once, setOnce] = useState(plain);
  const [tried, setTried] = useState<string>();
  const asking = useMutation({
    mutationFn: () =>
      change<Schema<"AskedOperation">>("POST", pathOf(named, "/sync"), {
        query: { namespace: named.namespace },
        body: requestOf({
          chosen: some ? resources.filter((each) => chosen.has(keyOf(each))) : undefined,
          prune,
          dryRun,
          revision,
          once,
        }),
      }),
    onSuccess: ({ operation: { id } }) => {
      onAsked({ id, what: dryRun ? "Dry run" : "Sync" });
      if (dryRun) setTried(id);
      else onClose();
    },
  });
  const done = tried === undefined ? undefined : outcomeOf(tried, application);
  const waits = tried !== undefined && done === undefined;
  const nothing = some && (chosen.size === 0 || chosen.size > most);
  const fixed = sources.length !== 1;
  return (
    <Dialog
      wide
      title={`Sync ${named.name}`}
      onClose={onClose}
      foot={
        <>
          {nothing && (
            <span className="act-note" role="status">
              {chosen.size === 0 ? "Choose what to sync" : `At most ${most} can be chosen; sync all instead`}
            </span>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="strong"
            icon="sync"
            type="submit"
            form="sync-form"
            busy={asking.isPending || waits}
            disabled={nothing}
          >
            {dryRun ? "Try" : "Sync"}
          </Button>
        </>
      }
    >
      <form
        id="sync-form"
        className="act-form"
        onSubmit={(event) => {
          event.preventDefault();
          setTried(undefined);
          asking.mutate();
        }}
      >
        <label className="field">
          Revision
          <input
            className="input mono"
            value={revision}
            placeholder={fixed ? "as declared" : (sources[0]?.target ?? "")}
            disabled={fixed}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setRevision(event.target.value)}
          />
          <span>
            {fixed
              ? "There are several sources: each is synced to what is declared."
              : policy.on && pauseOf(application) === undefined
                ? "A branch, tag, commit or version, for a dry run. To sync another one, pause automated sync first."
                : "A branch, tag, commit or version, for this sync alone."}
          </span>
        </label>
        <fieldset className="act-choices">
          <legend>Options</legend>
          <Choice
            label="Prune"
            note={
              policy.prune
                ? "Deletes what git has no longer; the application says so itself"
                : "Deletes what git has no longer"
            }
            checked={prune ?? policy.prune}
            onChange={setPrune}
          />
          <Choice
            label="Dry run"
            note="Tries every change on the API server, and changes nothing"
            checked={dryRun}
            onChange={setDryRun}
          />
        </fieldset>
        <fieldset className="act-choices">
          <legend>What</legend>
          <label className="act-choice">
            <input type="radio" name="what" checked={!some} onChange={() => setSome(false)} />
            <span>All {resources.length === 0 ? "objects" : `${resources.length} objects`}</span>
          </label>
          <label className="act-choice">
            <input
              type="radio"
              name="what"
              checked={some}
              disabled={resources.length === 0}
              onChange={() => setSome(true)}
            />
            <span>
              Some of them <span className="soft">Hooks don't run, and automated sync is not resumed by it</span>
            </span>
          </label>
        </fieldset>
        <OnceOptions once={once} onChange={setOnce} />
        {some && <Objects resources={resources} chosen={chosen} onChoose={setChosen} />}
      </form>
      <Problem error={asking.error} />
      {waits && (
        <p className="soft" role="status">
          Trying every change…
        </p>
      )}
      {done !== undefined && <DryRun operation={done} />}
    </Dialog>
  );
}

interface ObjectsProps {
  resources: readonly Schema<"ResourceState">[];
  chosen: ReadonlySet<string>;
  onChoose: (chosen: ReadonlySet<string>) => void;
}

function Objects({ resources, chosen, onChoose }: ObjectsProps) {
  const [typed, setTyped] = useState("");
  const [area, setArea] = useState<HTMLElement | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const found = useMemo(() => matching(resources, typed), [resources, typed]);
  const toggle = (keys: readonly string[], on: boolean) => {
    const after = new Set(chosen);
    for (const key of keys)
      if (on) after.add(key);
      else after.delete(key);
    onChoose(after);
  };
  const behind = resources.filter(({ status }) => status === "OutOfSync");
  return (
    <div className="act-objects">
      <div className="act-objects-top">
        <input
          ref={search}
          type="search"
          className="input"
          aria-label="Search objects"
          placeholder="Search objects"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button look="quiet" onClick={() => toggle(found.map(keyOf), true)}>
          Choose {typed === "" ? "all" : `these ${found.length}`}
        </Button>
        {behind.length > 0 && (
          <Button look="quiet" onClick={() => onChoose(new Set(behind.map(keyOf)))}>
            Out of sync ({behind.length})
          </Button>
        )}
        <Button look="quiet" onClick={() => onChoose(new Set())}>
          None
        </Button>
        <span className="soft" role="status">
          {chosen.size} chosen
        </span>
      </div>
      {/* Scrolled by keys through what stands in it. */}
      <div className="act-list" ref={setArea}>
        <ScrollArea value={area}>
          {area !== null && (
            <VirtualList
              count={found.length}
              label="Objects"
              size={() => 32}
              itemKey={(index) => (found[index] === undefined ? String(index) : keyOf(found[index]))}
              item={(index) => {
                const each = found[index];
                if (each === undefined) return null;
                const key = keyOf(each);
                return (
                  <label className="act-object">
                    <input
                      type="checkbox"
                      className="check"
                      checked={chosen.has(key)}
                      onChange={(event) => toggle([key], event.target.checked)}
                    />
                    <span className="soft">{each.kind}</span>
                    <span className="clip" title={`${each.namespace ?? ""}/${each.name}`}>
                      {each.name}
                    </span>
                    <SyncMark value={each.status} />
                  </label>
                );
              }}
            />
          )}
        </ScrollArea>
      </div>
    </div>
  );
}
