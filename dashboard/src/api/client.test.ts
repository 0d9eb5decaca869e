import { afterEach, expect, test, vi } from "vitest";

import { getAll, getWhole } from "./client";

interface Listed {
  items: string[];
  metadata: { total: number; continue?: string };
}

const pages: Record<string, Listed> = {
  "": { items: ["a", "b"], metadata: { total: 3, continue: "b" } },
  b: { items: [], metadata: { total: 3, continue: "c" } },
  c: { items: ["c"], metadata: { total: 3 } },
};

afterEach(() => vi.unstubAllGlobals());

test("a list that comes in pages is followed to its end, also over an empty one", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (address: string) => {
    asked.push(address);
    const token = new URL(address, "http://mooring.test").searchParams.get("continue") ?? "";
    return Promise.resolve(new Response(JSON.stringify(pages[token])));
  });
  const whole = await getWhole<Listed>("/api/v1/costs", { group: "day" });
  expect(whole.items).toEqual(["a", "b", "c"]);
  expect(whole.metadata.total).toBe(3);
  expect(asked.every((address) => address.includes("group=day"))).toBe(true);
  expect(await getAll<string>("/api/v1/tokens")).toEqual(["a", "b", "c"]);
});
