import { expect, test } from "vitest";

import { lookOf, remotesOf, type Secret, storesOf, wordsOf } from "./wording";

const db: Secret = {
  group: "external-secrets.io",
  kind: "ExternalSecret",
  namespace: "shop",
  name: "db",
  source: "ExternalSecret",
  state: "failing",
  message: "there is no shop/db",
  secrets: [{ namespace: "shop", name: "shop-db", merged: false }],
  keys: ["password"],
  remote: [{ key: "shop/db", property: "word", version: "2" }, { find: "shop/ ^a" }, { generator: "Password/any" }],
  stores: [
    { kind: "SecretStore", name: "aws", provider: "SecretsManager", region: "eu-central-1" },
    { kind: "ClusterSecretStore", name: "far", provider: "", region: "" },
  ],
  changed: null,
};

test("GIVEN remote names of every kind WHEN told THEN each says what is read", () => {
  expect(remotesOf(db)).toEqual(["shop/db → word (version 2)", "all that fit shop/ ^a", "Password/any"]);
});

test("GIVEN a store that is known and one that is not WHEN told THEN the latter by its kind", () => {
  expect(storesOf(db)).toEqual(["aws: SecretsManager, eu-central-1", "far: ClusterSecretStore"]);
});

test("GIVEN a secret WHEN it is searched THEN names, keys and messages count", () => {
  for (const word of ["shop-db", "password", "no shop", "eu-central", "^a"])
    expect(wordsOf(db).toLowerCase()).toContain(word);
  expect(wordsOf(db)).not.toContain("other");
  expect(lookOf(db).word).toBe("Failing");
});
