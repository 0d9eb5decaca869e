/** What the states of secrets are called, and what is told of where they come from. */
import type { Schema } from "@/api/types";
import type { Mark } from "@/parts";

export type Secrets = Readonly<Schema<"SecretsOfApplication">>;
export type Secret = Readonly<Schema<"SecretState">>;

type Look = Pick<Parameters<typeof Mark>[0], "tone" | "shape" | "word">;

const looks: Readonly<Record<Secret["state"], Look>> = {
  opened: { tone: "good", shape: "tick", word: "Opened" },
  pushed: { tone: "good", shape: "tick", word: "Pushed" },
  applied: { tone: "good", shape: "tick", word: "Applied" },
  differs: { tone: "warn", shape: "away", word: "Differs" },
  failing: { tone: "bad", shape: "cross", word: "Failing" },
  never: { tone: "idle", shape: "clock", word: "Not synced yet" },
  "in-cluster": { tone: "idle", shape: "ask", word: "Left to the cluster" },
};

export function lookOf({ state }: Secret): Look {
  return looks[state];
}

/** Where it comes from, in names: "shop/db → password", "all of shop/ with ^db", "Password/random". */
export function remotesOf({ remote }: Secret): string[] {
  return remote.map(({ key, property, version, find, generator }) => {
    if (find !== undefined) return `all that fit ${find}`;
    if (key === undefined) return generator ?? "";
    return [key, property && `→ ${property}`, version && `(version ${version})`].filter(Boolean).join(" ");
  });
}

/** "aws: SecretsManager, eu-central-1"; the kind where nobody here knows the provider. */
export function storesOf({ stores }: Secret): string[] {
  return stores.map(
    ({ kind, name, provider, region }) => `${name}: ${[provider || kind, region].filter(Boolean).join(", ")}`,
  );
}

/** What is told of it by name, to be searched. */
export function wordsOf(secret: Secret): string {
  return [
    secret.kind,
    secret.namespace,
    secret.name,
    secret.message,
    ...secret.keys,
    ...secret.secrets.map(({ name }) => name),
    ...remotesOf(secret),
    ...storesOf(secret),
  ].join("\n");
}
