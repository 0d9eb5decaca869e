import { expect, test } from "vitest";

import { openings, readDuration, readSchedule } from "./schedule";

const day = 86_400_000;
const at = (text: string) => Date.parse(text);
const told = (found: readonly { from: number; to: number }[]) =>
  found.map(({ from, to }) => `${new Date(from).toISOString()}/${new Date(to).toISOString()}`);

test("a window of working days opens on each of them, on the clock of its zone", () => {
  const from = at("2026-01-09T00:00:00Z"); // a Friday
  expect(told(openings("0 9 * * 1-5", "7h", "Europe/Berlin", from, from + 4 * day))).toEqual([
    "2026-01-09T08:00:00.000Z/2026-01-09T15:00:00.000Z",
    "2026-01-12T08:00:00.000Z/2026-01-12T15:00:00.000Z",
  ]);
});

test("summer time moves it, and a zone of half an hour is understood", () => {
  const from = at("2026-07-01T00:00:00Z");
  expect(told(openings("0 9 1 7 *", "1h", "Europe/Berlin", from, from + day))).toEqual([
    "2026-07-01T07:00:00.000Z/2026-07-01T08:00:00.000Z",
  ]);
  expect(told(openings("15 9 * * *", "1h", "Asia/Kolkata", from, from + day))).toEqual([
    "2026-07-01T03:45:00.000Z/2026-07-01T04:45:00.000Z",
  ]);
});

test("what is open already is there, and what touches is one", () => {
  const from = at("2026-01-01T12:30:00Z");
  expect(told(openings("0 * * * *", "1h", "UTC", from, from + 3_600_000))).toEqual([
    "2026-01-01T12:00:00.000Z/2026-01-01T14:00:00.000Z",
  ]);
});

test("either day suffices where both are restricted", () => {
  const from = at("2026-06-01T00:00:00Z");
  expect(openings("0 0 13 * fri", "1h", "UTC", from, from + 30 * day)).toHaveLength(5);
});

test("what is no schedule, duration or zone opens never", () => {
  for (const wrong of ["", "* * * *", "61 * * * *", "5-1 * * * *", "*/0 * * * *", "x * * * *"]) {
    expect(readSchedule(wrong)).toBeUndefined();
  }
  expect(readDuration("1h30m")).toBe(5_400_000);
  expect(readDuration("soon")).toBeUndefined();
  expect(openings("* * * * *", "1h", "Mars/Olympus", 0, day)).toEqual([]);
});
