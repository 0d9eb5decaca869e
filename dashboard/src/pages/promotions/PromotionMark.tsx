import { Mark, type Tone } from "@/parts";

const looks: Readonly<Record<string, readonly [Tone, "tick" | "cross" | "pause" | "clock" | "turning" | "away"]>> = {
  Waiting: ["wait", "clock"],
  Blocked: ["bad", "cross"],
  Proposed: ["warn", "away"],
  Declined: ["idle", "pause"],
  Verifying: ["wait", "turning"],
  Verified: ["good", "tick"],
  Failed: ["bad", "cross"],
  UpToDate: ["good", "tick"],
  Suspended: ["idle", "pause"],
};

/** Where a promotion stands (docs/promotion.md). */
export function PromotionMark({ phase, boxed }: { phase: string; boxed?: boolean }) {
  const [tone, shape] = looks[phase] ?? ["idle", "clock"];
  return <Mark tone={tone} shape={shape} word={phase === "UpToDate" ? "Up to date" : phase} boxed={boxed} />;
}
