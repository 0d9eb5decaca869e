/** How well things are, in a shape and a word as well as a colour. */

export type Tone = "good" | "wait" | "warn" | "bad" | "lost" | "idle";

interface Look {
  tone: Tone;
  shape: Shape;
}

type Shape = "tick" | "turning" | "cross" | "pause" | "gone" | "ask" | "away" | "clock";

/** Health as the API says it (Argo CD documentation, "Resource Health"). */
const healths: Readonly<Record<string, Look>> = {
  Healthy: { tone: "good", shape: "tick" },
  Progressing: { tone: "wait", shape: "turning" },
  Degraded: { tone: "bad", shape: "cross" },
  Suspended: { tone: "idle", shape: "pause" },
  Missing: { tone: "lost", shape: "gone" },
  Unknown: { tone: "idle", shape: "ask" },
};

const syncs: Readonly<Record<string, Look>> = {
  Synced: { tone: "good", shape: "tick" },
  OutOfSync: { tone: "warn", shape: "away" },
  Unknown: { tone: "idle", shape: "ask" },
};

/** Phases of an operation. */
const phases: Readonly<Record<string, Look>> = {
  Succeeded: { tone: "good", shape: "tick" },
  Running: { tone: "wait", shape: "turning" },
  Terminating: { tone: "wait", shape: "turning" },
  Waiting: { tone: "wait", shape: "clock" },
  Failed: { tone: "bad", shape: "cross" },
  Error: { tone: "bad", shape: "cross" },
};

const unknown: Look = { tone: "idle", shape: "ask" };

/** From worst to best: how lists and maps are ordered. */
export const healthOrder = ["Degraded", "Missing", "Unknown", "Progressing", "Suspended", "Healthy"] as const;

export function healthLook(health: string): Look {
  return healths[health] ?? unknown;
}

export function syncLook(sync: string): Look {
  return syncs[sync] ?? unknown;
}

export function phaseLook(phase: string): Look {
  return phases[phase] ?? unknown;
}

interface MarkProps {
  /** What the API says; a word that is not known is shown as it is. */
  value: string;
  boxed?: boolean;
}

interface KindOfMarkProps extends MarkProps {
  /** Nothing beside it says what it is of: "Unknown" alone might be either. */
  alone?: boolean;
}

export function HealthMark({ value, boxed, alone = boxed }: KindOfMarkProps) {
  const word = alone === true && value === "Unknown" ? "Health unknown" : value;
  return <Mark {...healthLook(value)} word={word} boxed={boxed} about="Health" />;
}

export function SyncMark({ value, boxed, alone = boxed }: KindOfMarkProps) {
  const word = alone === true && value === "Unknown" ? "Sync unknown" : value;
  return <Mark {...syncLook(value)} word={word} boxed={boxed} about="Sync" />;
}

export function PhaseMark({ value, boxed }: MarkProps) {
  return <Mark {...phaseLook(value)} word={value} boxed={boxed} about="Operation" />;
}

interface AnyMarkProps {
  tone: Tone;
  shape: Shape;
  word: string;
  boxed?: boolean | undefined;
  /** Said before the word where it is read aloud. */
  about?: string;
}

/** A mark of any other kind; `HealthMark`, `SyncMark` and `PhaseMark` are the usual ones. */
export function Mark({ tone, shape, word, boxed, about }: AnyMarkProps) {
  return (
    <span className="mark" data-tone={tone} data-boxed={boxed === true ? "" : undefined}>
      <Sign shape={shape} />
      {about !== undefined && <span className="hidden-text">{about}: </span>}
      {word}
    </span>
  );
}

/** The shape alone, for places that say the word elsewhere. Each is told apart without its colour. */
export function Sign({ shape, size = 14 }: { shape: Shape; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      data-turning={shape === "turning" ? "" : undefined}
    >
      {drawn(shape)}
    </svg>
  );
}

function drawn(shape: Shape) {
  switch (shape) {
    case "tick":
      return (
        <>
          <circle cx="8" cy="8" r="7" fill="currentColor" stroke="none" />
          <path d="m4.9 8.3 2.2 2.2 4-4.7" stroke="var(--surface)" />
        </>
      );
    case "turning":
      return (
        <>
          <circle cx="8" cy="8" r="6" opacity="0.3" />
          <path d="M8 2a6 6 0 0 1 6 6" />
        </>
      );
    case "cross":
      return (
        <>
          <path d="M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5z" fill="currentColor" stroke="none" />
          <path d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8" stroke="var(--surface)" />
        </>
      );
    case "pause":
      return (
        <>
          <rect x="1.5" y="1.5" width="13" height="13" rx="3" fill="currentColor" stroke="none" />
          <path d="M6 5.3v5.4M10 5.3v5.4" stroke="var(--surface)" />
        </>
      );
    case "gone":
      return (
        <>
          <circle cx="8" cy="8" r="6" strokeDasharray="2.6 3.7" />
          <path d="M8 8h.01" strokeWidth="2.6" />
        </>
      );
    case "ask":
      return (
        <>
          <circle cx="8" cy="8" r="6.5" strokeWidth="1.5" />
          <path d="M6.3 6.5a1.7 1.7 0 1 1 2.4 1.6c-.5.2-.7.5-.7 1M8 11.2h.01" strokeWidth="1.5" />
        </>
      );
    case "away":
      return (
        <>
          <path d="M8 .9 15.1 8 8 15.1.9 8z" fill="currentColor" stroke="none" />
          <path d="M8 11V5.3M5.7 7.4 8 5.1l2.3 2.3" stroke="var(--surface)" strokeWidth="1.6" />
        </>
      );
    case "clock":
      return (
        <>
          <circle cx="8" cy="8" r="6.3" strokeWidth="1.5" />
          <path d="M8 4.5V8l2.3 1.5" strokeWidth="1.5" />
        </>
      );
  }
}
