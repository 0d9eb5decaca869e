import { expect, test } from "vitest";

import { certificateEnd } from "./certificate";

const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${btoa(text)}\n-----END CERTIFICATE-----\n`;

test("the end of both kinds of time is read, and what is no certificate has none", () => {
  expect(certificateEnd(pem("xx\x17\x0d260101000000Z\x17\x0d360101123000Zyy"))).toBe(Date.UTC(2036, 0, 1, 12, 30));
  expect(certificateEnd(pem("\x17\x0d260101000000Z\x18\x0f20560101000000Z"))).toBe(Date.UTC(2056, 0, 1));
  expect(certificateEnd(pem("nothing"))).toBeUndefined();
  expect(certificateEnd("no PEM")).toBeUndefined();
});
