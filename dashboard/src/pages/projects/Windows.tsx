/** The days ahead, with what is open and what is shut. */
import { useState } from "react";

import { exactly, Mark } from "@/parts";
import { Chips, Sheet } from "@/parts/Sheet";

import { type Opening, openings } from "./schedule";

type Window = Readonly<Record<string, unknown>>;

const day = 86_400_000;
const days = 7;
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });

export function Windows({ windows }: { windows: readonly Window[] }) {
  const [now] = useState(() => Date.now());
  return (
    <Sheet title="Sync windows" count={windows.length} whole>
      {windows.length === 0 ? (
        <p className="soft">Syncs may run at any time.</p>
      ) : (
        <ul className="projects-windows" role="list">
          {windows.map((window, index) => (
            <OneWindow key={index} window={window} now={now} />
          ))}
        </ul>
      )}
    </Sheet>
  );
}

function OneWindow({ window, now }: { window: Window; now: number }) {
  const said = (key: string) => (typeof window[key] === "string" ? window[key] : "");
  const list = (key: string) => (Array.isArray(window[key]) ? (window[key] as readonly string[]) : []);
  const zone = said("timeZone") || "UTC";
  const found = openings(said("schedule"), said("duration"), zone, now, now + days * day);
  const open = found.some((each) => each.from <= now);
  const allow = said("kind") !== "deny";
  const about = [
    ...list("applications").map((each) => `application ${each}`),
    ...list("namespaces").map((each) => `namespace ${each}`),
    ...list("clusters").map((each) => `cluster ${each}`),
  ];
  return (
    <li>
      <div className="projects-window">
        <Mark
          tone={open ? (allow ? "good" : "bad") : "idle"}
          shape={open ? (allow ? "tick" : "cross") : "clock"}
          word={`${allow ? "Allow" : "Deny"}, ${open ? "open now" : "shut now"}`}
        />
        <code>{said("schedule")}</code>
        <span className="soft">
          for {said("duration")} in {zone}
          {window["manualSync"] === true ? "; people may sync all the same" : ""}
        </span>
      </div>
      <Chips values={about} none="concerns nothing: name applications, namespaces or clusters" />
      <Timeline found={found} now={now} allow={allow} />
      <p className="soft small">{next(found, now)}</p>
    </li>
  );
}

function Timeline({ found, now, allow }: { found: readonly Opening[]; now: number; allow: boolean }) {
  const x = (moment: number) => ((Math.min(Math.max(moment, now), now + days * day) - now) / (days * day)) * 700;
  const midnights = Array.from({ length: days }, (_, index) => {
    const midnight = new Date(now + (index + 1) * day);
    midnight.setHours(0, 0, 0, 0);
    return midnight.getTime();
  });
  return (
    <>
      <svg className="projects-timeline" viewBox="0 0 700 26" preserveAspectRatio="none" aria-hidden="true">
        <rect x="0" y="2" width="700" height="22" rx="3" className="ground" />
        {found.map((each) => (
          <rect
            key={each.from}
            x={x(each.from)}
            y={2}
            width={Math.max(1.5, x(each.to) - x(each.from))}
            height={22}
            className={allow ? "allow" : "deny"}
          />
        ))}
        {midnights.map((midnight) => (
          <line key={midnight} x1={x(midnight)} x2={x(midnight)} y1="0" y2="26" className="midnight" />
        ))}
      </svg>
      <div className="projects-days soft small" aria-hidden="true">
        {midnights.map((midnight) => (
          <span key={midnight} style={{ left: `${x(midnight) / 7}%` }}>
            {weekday.format(midnight)}
          </span>
        ))}
      </div>
    </>
  );
}

function next(found: readonly Opening[], now: number): string {
  const first = found[0];
  if (first === undefined) return "Does not open within the next 7 days.";
  const later = found.filter((each) => each.from > now);
  const opens = later[0] === undefined ? "" : `Opens ${exactly(later[0].from)}.`;
  if (first.from > now) return opens;
  const ends = first.to > now + days * day ? "Open for all of the next 7 days." : `Open until ${exactly(first.to)}.`;
  return `${ends} ${opens}`;
}
