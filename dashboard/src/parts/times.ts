/** Moments and durations in words. Moments are milliseconds since 1970. */

const steps: readonly (readonly [seconds: number, unit: string])[] = [
  [31_536_000, "y"],
  [2_592_000, "mo"],
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
];

/** "3 min ago"; "in 3 min" for what is still to come. */
export function ago(moment: number, now: number): string {
  const seconds = Math.abs(now - moment) / 1000;
  for (const [size, unit] of steps) {
    if (seconds < size) continue;
    const count = `${Math.floor(seconds / size)} ${unit}`;
    return moment > now ? `in ${count}` : `${count} ago`;
  }
  return "just now";
}

/** "1 min 05 s". The API tells moments to the second. */
export function lasting(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds === 0) return "under 1 s";
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** Date and time to the second, in the reader's own time zone. */
export function exactly(moment: number): string {
  return format.format(moment);
}
