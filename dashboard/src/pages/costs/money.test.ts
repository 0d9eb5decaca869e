import { expect, test } from "vitest";

import { daysBetween, dollars, today } from "./money";

test("small amounts keep the digits that say something", () => {
  expect(dollars(0)).toBe("$0.00");
  expect(dollars(12.345)).toBe("$12.35");
  expect(dollars(0.0312)).toBe("$0.0312");
  expect(dollars(0.0000123)).toBe("$0.0000123");
  expect(dollars(undefined)).toBe("not known");
});

test("days go over the end of a month", () => {
  expect(today(Date.parse("2026-03-01T12:00:00Z"), -1)).toBe("2026-02-28");
  expect(daysBetween("2026-02-27", "2026-03-01")).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
  expect(daysBetween("2026-03-02", "2026-03-01")).toEqual([]);
});
