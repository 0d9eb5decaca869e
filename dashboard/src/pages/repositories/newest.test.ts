import { expect, test } from "vitest";

import type { Repository } from "@/api/lists";

import { newestOf } from "./newest";

const ref = { repository: "https://git.test/a", chart: "", revision: "c0ffee", applications: 1 };

test("the newest of all references is shown, and none where none was seen", () => {
  const older = { ...ref, target: "main", at: "2026-01-01T00:00:00Z" };
  const newer = { ...ref, target: "release", at: "2026-01-02T00:00:00Z" };
  const repository: Repository = { url: "https://git.test", type: "git" };
  expect(newestOf({ ...repository, refs: [older, newer] })).toBe(newer);
  expect(newestOf({ ...repository, refs: [newer, older] })).toBe(newer);
  expect(newestOf(repository)).toBeUndefined();
});
