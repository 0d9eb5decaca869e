/** When sync windows open: schedules of five fields as robfig/cron reads them, on the wall clock of a time zone. The API
    decides what is open (mooring.access.windows); this draws the days ahead. */

export interface Opening {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
}

interface Schedule {
  fields: readonly ReadonlySet<number>[];
  /** Both days are restricted: either suffices. */
  either: boolean;
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const spans: readonly (readonly [low: number, high: number, names: readonly string[]])[] = [
  [0, 59, []],
  [0, 23, []],
  [1, 31, []],
  [1, 12, months],
  [0, 6, days],
];
const short: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};
const minute = 60_000;
const hour = 60 * minute;

/** Openings between two moments, merged where they touch; none where the text is no schedule. */
export function openings(schedule: string, duration: string, zone: string, from: number, to: number): Opening[] {
  const read = readSchedule(schedule);
  const length = readDuration(duration);
  if (read === undefined || length === undefined) return [];
  const found: Opening[] = [];
  let begin = Math.floor((from - length) / hour) * hour;
  for (; begin < to; begin += hour) {
    const shift = offset(zone, begin);
    if (shift === undefined) return [];
    for (const at of read.fields[0] ?? []) {
      const moment = begin + at * minute - mod(shift, hour);
      const wall = new Date(moment + shift);
      if (moment + length <= from || moment >= to || !fits(read, wall)) continue;
      found.push({ from: moment, to: moment + length });
    }
  }
  return merged(found);
}

export function readSchedule(text: string): Schedule | undefined {
  const parts = (short[text.trim()] ?? text).trim().split(/\s+/);
  if (parts.length !== spans.length) return undefined;
  const fields: ReadonlySet<number>[] = [];
  const starred: boolean[] = [];
  for (const [index, part] of parts.entries()) {
    const [low, high, names] = spans[index] ?? [0, 0, []];
    const values = new Set<number>();
    let star = false;
    for (const piece of part.toLowerCase().split(",")) {
      const [span = "", stepText] = piece.split("/");
      const step = stepText === undefined ? 1 : Number(stepText);
      const [firstText = "", lastText] = span.split("-");
      const every = (firstText === "*" || firstText === "?") && lastText === undefined;
      const first = every ? low : valueOf(firstText, names, index === 3 ? 1 : 0);
      const last =
        every || (lastText === undefined && stepText !== undefined)
          ? high
          : valueOf(lastText ?? firstText, names, index === 3 ? 1 : 0);
      if (!(step >= 1) || !(first >= low) || !(last <= high) || last < first) return undefined;
      star ||= every && step === 1;
      for (let value = first; value <= last; value += step) values.add(value);
    }
    fields.push(values);
    starred.push(star);
  }
  return { fields, either: starred[2] !== true && starred[4] !== true };
}

/** "1h30m" in milliseconds; undefined for what is none. */
export function readDuration(text: string): number | undefined {
  const units: Readonly<Record<string, number>> = { h: hour, m: minute, s: 1000, ms: 1 };
  if (!/^(?:\d+(?:\.\d+)?(?:ms|h|m|s))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g))
    sum += Number(number) * (units[unit ?? ""] ?? 0);
  return sum;
}

function valueOf(text: string, names: readonly string[], from: number): number {
  const named = names.indexOf(text);
  return named >= 0 ? named + from : /^\d+$/.test(text) ? Number(text) : NaN;
}

function fits({ fields, either }: Schedule, wall: Date): boolean {
  if (fields[0]?.has(wall.getUTCMinutes()) !== true || fields[1]?.has(wall.getUTCHours()) !== true) return false;
  if (fields[3]?.has(wall.getUTCMonth() + 1) !== true) return false;
  const ofMonth = fields[2]?.has(wall.getUTCDate()) === true;
  const ofWeek = fields[4]?.has(wall.getUTCDay()) === true;
  return either ? ofMonth || ofWeek : ofMonth && ofWeek;
}

function merged(found: Opening[]): Opening[] {
  const all: Opening[] = [];
  for (const each of found.sort((one, other) => one.from - other.from)) {
    const last = all.at(-1);
    if (last !== undefined && each.from <= last.to) last.to = Math.max(last.to, each.to);
    else all.push(each);
  }
  return all;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far a zone's clock is ahead of UTC, in milliseconds; undefined for a zone that there is not. */
function offset(zone: string, at: number): number | undefined {
  try {
    let format = formats.get(zone);
    if (format === undefined) {
      format = new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
      });
      formats.set(zone, format);
    }
    const parts = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, Number(part.value)]));
    const [year = 0, month = 1, day = 1] = [parts["year"], parts["month"], parts["day"]];
    return Date.UTC(year, month - 1, day, parts["hour"], parts["minute"]) - Math.floor(at / minute) * minute;
  } catch {
    return undefined;
  }
}

function mod(value: number, by: number): number {
  return ((value % by) + by) % by;
}
