import { expect, test } from "vitest";

import { belongsTo } from "./matching";

test("a repository is known by any of its spellings, and by what it begins with", () => {
  expect(belongsTo("https://git.test/shop/deploy.git", "https://git.test/shop/deploy")).toBe(true);
  expect(belongsTo("git@git.test:shop/deploy", "ssh://git@git.test/shop/deploy.git")).toBe(true);
  expect(belongsTo("git.test/shop/deploy", "https://git.test/shop/")).toBe(true);
  expect(belongsTo("https://git.test/shopping/deploy", "https://git.test/shop")).toBe(false);
  expect(belongsTo("https://git.test:8443/a/b", "https://git.test:8443/a")).toBe(true);
});
