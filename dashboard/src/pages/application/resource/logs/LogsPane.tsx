/** What containers write, as it comes: of a pod, or of all pods of a workload in one stream. */
import "./logs.css";

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useSearchParams } from "wouter";

import { Button, EmptyState, ErrorState, Icon, IconButton, Menu, Sign, Skeleton, useToast } from "@/parts";

import { save } from "../files";
import type { PaneProps } from "../panes";
import { containersOf } from "../status";
import { commonPart, fileOf, type Held, type HeldLine, mostLines } from "./holding";
import { LogFilter } from "./LogFilter";
import { type LogOptions, readOptions, sinces, writeOptions } from "./options";
import { useFollowing } from "./useFollowing";

/** So near to its end, somebody follows a log. */
const near = 40;

export default function LogsPane({ named, object, resource }: PaneProps) {
  const [search, setSearch] = useSearchParams();
  const options = useMemo(() => readOptions(search), [search]);
  const change = (changed: Partial<LogOptions>) =>
    setSearch((before) => writeOptions(before, { ...readOptions(before), ...changed }), { replace: true });
  const [follows, setFollows] = useState(true);
  const { held, begins, error, retry } = useFollowing(named, object, options, follows);
  const containers = containersOf(resource).map(({ name }) => name);
  const shown = useMemo(
    () => (options.pod === "" ? held.lines : held.lines.filter(({ pod }) => pod === options.pod)),
    [held.lines, options.pod],
  );
  return (
    <div className="logs">
      <Bar {...{ options, change, containers, held, shown, named, object }} />
      {error !== undefined ? (
        <ErrorState error={error} onRetry={retry} />
      ) : begins ? (
        <div role="status" aria-label="Loading">
          <Skeleton height="10rem" />
        </div>
      ) : (
        <Lines {...{ held, shown, options, follows, setFollows }} />
      )}
    </div>
  );
}

interface BarProps extends Pick<PaneProps, "named" | "object"> {
  options: LogOptions;
  change: (changed: Partial<LogOptions>) => void;
  containers: readonly string[];
  held: Held;
  shown: readonly HeldLine[];
}

function Bar({ options, change, containers, held, shown, object }: BarProps) {
  const say = useToast();
  const pods = [...new Set(held.streams.map(({ pod }) => pod))];
  const since = sinces.find(([seconds]) => seconds === options.since)?.[1] ?? "";
  const several = pods.length > 1 || options.container === "*";
  const share = () =>
    void navigator.clipboard.writeText(location.href).then(
      () => say({ tone: "good", text: "The address of this log is copied" }),
      () => say({ tone: "bad", text: "The browser did not let this page copy: copy the address by hand" }),
    );
  return (
    <div className="code-bar logs-bar">
      {containers.length > 1 && (
        <Menu
          name="Container"
          label={options.container === "*" ? "All containers" : options.container || containers[0]}
          entries={[
            ...containers.map((name, at) => ({
              label: name,
              checked: options.container === name || (options.container === "" && at === 0),
              onChoose: () => change({ container: name }),
            })),
            { label: "All containers", checked: options.container === "*", onChoose: () => change({ container: "*" }) },
          ]}
        />
      )}
      {(pods.length > 1 || options.pod !== "") && (
        <Menu
          name="Pod"
          label={options.pod === "" ? `${pods.length} pods` : options.pod.slice(commonPart(pods).length)}
          entries={[
            { label: "All pods", checked: options.pod === "", onChoose: () => change({ pod: "" }) },
            ...pods.map((pod) => ({ label: pod, checked: options.pod === pod, onChoose: () => change({ pod }) })),
          ]}
        />
      )}
      <Menu
        name="From when on"
        icon="clock"
        label={since}
        entries={sinces.map(([seconds, label]) => ({
          key: `since ${seconds}`,
          label,
          checked: options.since === seconds,
          onChoose: () => change({ since: seconds }),
        }))}
      />
      <LogFilter value={options.filter} onChange={(filter) => change({ filter })} />
      <span className="code-bar-end">
        <Menu
          name="How it is shown"
          label={null}
          icon="settings"
          look="quiet"
          to="right"
          stays
          entries={[
            { label: "Wrap long lines", checked: options.wrap, onChoose: () => change({ wrap: !options.wrap }) },
            { label: "Times", checked: options.times, onChoose: () => change({ times: !options.times }) },
            {
              label: "Before the last restart",
              checked: options.previous,
              onChoose: () => change({ previous: !options.previous }),
            },
          ]}
        />
        <IconButton icon="link" label="Copy the address of this log" onClick={share} />
        <IconButton
          icon="download"
          label="Download what is here"
          onClick={() => save(`${object.name}.log`, fileOf(shown, { names: several, times: options.times }))}
        />
      </span>
    </div>
  );
}

interface LinesProps {
  held: Held;
  shown: readonly HeldLine[];
  options: LogOptions;
  follows: boolean;
  setFollows: (follows: boolean) => void;
}

function Lines({ held, shown, options, follows, setFollows }: LinesProps) {
  const [area, setArea] = useState<HTMLElement | null>(null);
  const pods = useMemo(() => [...new Set(held.streams.map(({ pod }) => pod))], [held.streams]);
  const names = pods.length > 1 || new Set(held.streams.map(({ container }) => container)).size > 1;
  const many = new Set(held.streams.map(({ container }) => container)).size > 1;
  const common = commonPart(pods);
  const troubles = held.streams.filter(({ message }) => message !== undefined);
  // The virtualiser keeps its own state and says itself when to render again.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => area,
    estimateSize: () => 20,
    getItemKey: (index) => shown[index]?.id ?? index,
    overscan: 30,
  });
  const last = shown.at(-1)?.id;
  const following = useRef(follows);
  useEffect(() => {
    following.current = follows;
  });

  // The end stays in sight while it is followed, also as lines are measured.
  const height = virtual.getTotalSize();
  useLayoutEffect(() => {
    if (follows && area !== null) area.scrollTop = area.scrollHeight;
  }, [follows, area, last, height, options.wrap]);

  useEffect(() => {
    if (area === null) return undefined;
    let before = area.scrollTop;
    const scroll = () => {
      const atEnd = area.scrollHeight - area.scrollTop - area.clientHeight < near;
      if (atEnd) {
        if (!following.current) setFollows(true);
      } else if (area.scrollTop < before && following.current) setFollows(false);
      before = area.scrollTop;
    };
    area.addEventListener("scroll", scroll, { passive: true });
    return () => area.removeEventListener("scroll", scroll);
  }, [area, setFollows]);

  const items = virtual.getVirtualItems();
  const begin = items[0]?.start ?? 0;
  return (
    <>
      {troubles.length > 0 && (
        <ul role="list" className="logs-troubles">
          {troubles.map(({ pod, container, message }) => (
            <li key={`${pod}/${container}`}>
              <Sign shape="ask" />
              <span>
                <strong>
                  {pod.slice(common.length)}/{container}
                </strong>{" "}
                {message}
              </span>
            </li>
          ))}
        </ul>
      )}
      {held.dropped > 0 && (
        <p className="soft logs-note">
          A page holds {mostLines.toLocaleString("en")} lines: the {held.dropped.toLocaleString("en")} oldest were
          dropped.
        </p>
      )}
      {held.podsLeftOut > 0 && (
        <p className="soft logs-note">The newest 20 pods are read; {held.podsLeftOut} older ones are not.</p>
      )}
      <div className="logs-frame">
        {/* What is long is scrolled by keys as well. */}
        <div
          className="logs-lines code"
          ref={setArea}
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
          role="log"
          aria-live="off"
          aria-label="What containers write"
          data-wrap={options.wrap ? "" : undefined}
        >
          {shown.length === 0 ? (
            <EmptyState title={options.filter === "" ? "Nothing was written" : "No line has this text"} icon="clock">
              <p>
                {options.previous
                  ? "A log of before is there only after a restart."
                  : "What is written from now on appears here."}
              </p>
            </EmptyState>
          ) : (
            <div className="flow" style={{ height }}>
              <div className="flow-shown" style={{ transform: `translateY(${begin}px)` }}>
                {items.map((each) => {
                  const line = shown[each.index];
                  if (line === undefined) return null;
                  return (
                    <div key={each.key} data-index={each.index} ref={virtual.measureElement} className="log-line">
                      {options.times && <span className="log-time">{line.at.slice(11, 23)}</span>}
                      {names && (
                        <span
                          className="log-pod"
                          data-hue={pods.indexOf(line.pod) % 8}
                          title={`${line.pod}/${line.container}`}
                        >
                          {line.pod.slice(common.length)}
                          {many && `/${line.container}`}
                        </span>
                      )}
                      <span className="log-text">{found(line.text, options.filter)}</span>
                    </div>
                  );
                })}
              </div>
            </div>
          )}
        </div>
        <Foot {...{ follows, setFollows, previous: options.previous, count: shown.length }} />
      </div>
    </>
  );
}

interface FootProps {
  follows: boolean;
  setFollows: (follows: boolean) => void;
  previous: boolean;
  count: number;
}

function Foot({ follows, setFollows, previous, count }: FootProps) {
  return (
    <div className="logs-foot">
      <span role="status">
        {previous ? (
          "What was written before the last restart"
        ) : follows ? (
          <span className="logs-live">
            <span className="logs-dot" aria-hidden="true" /> Following
          </span>
        ) : (
          <span className="logs-live">
            <Icon name="pause" size={12} /> Paused: you are not at the end
          </span>
        )}
      </span>
      <span className="soft">{count === 1 ? "1 line" : `${count.toLocaleString("en")} lines`}</span>
      {!previous && (
        <Button look="quiet" icon={follows ? "pause" : "down"} onClick={() => setFollows(!follows)}>
          {follows ? "Pause" : "Follow"}
        </Button>
      )}
    </div>
  );
}

/** The text with what was filtered for marked. */
function found(text: string, filter: string) {
  if (text === "") return " ";
  if (filter === "") return text;
  return text.split(filter).flatMap((part, at) =>
    at === 0
      ? [part]
      : [
          <mark key={at} data-marking="found">
            {filter}
          </mark>,
          part,
        ],
  );
}
