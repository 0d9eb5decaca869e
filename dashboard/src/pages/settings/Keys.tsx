/** Public keys that commits' signatures are checked against. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { change, getWhole } from "@/api/client";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { useRights } from "@/app/rights";
import { Button, type Column, Copyable, Dialog, ErrorState, Mark, Skeleton, Table } from "@/parts";
import { Confirm, Refusal } from "@/parts/Confirm";
import { Sheet } from "@/parts/Sheet";

type Key = Schema<"GpgKey">;

const queryKey = ["gpgkeys"];

export function KeysPart() {
  const asked = useQuery({
    queryKey,
    queryFn: ({ signal }) => getWhole<Schema<"GpgKeys">>("/api/v1/gpgkeys", {}, signal),
  });
  const may = useRights();
  const [adding, setAdding] = useState(false);
  const [going, setGoing] = useState<Key>();
  const removing = useAction<unknown, Key>({
    act: ({ keyID }) => change("DELETE", `/api/v1/gpgkeys/${encodeURIComponent(keyID)}`),
    said: (_, { keyID }) => `${keyID} is removed`,
    old: [queryKey],
    then: () => setGoing(undefined),
    quiet: true,
  });
  const columns: readonly Column<Key>[] = [
    { head: "Key", cell: (key) => <code>{key.keyID}</code> },
    { head: "Owner", cell: (key) => key.owner },
    { head: "Fingerprint", cell: (key) => <span className="mono">{key.fingerprint}</span> },
    {
      head: "State",
      cell: (key) =>
        key.revoked === true ? (
          <Mark tone="bad" shape="cross" word="Revoked" />
        ) : (
          <Mark
            tone="good"
            shape="tick"
            word={key.expires === undefined ? "Valid" : `Until ${key.expires.slice(0, 10)}`}
          />
        ),
    },
    {
      head: "Remove",
      end: true,
      cell: (key) =>
        may("gpgkeys", "delete") && (
          <Button look="danger" onClick={() => setGoing(key)}>
            Remove<span className="hidden-text"> {key.keyID}</span>
          </Button>
        ),
    },
  ];
  return (
    <Sheet
      title="GPG keys"
      {...(asked.data === undefined ? {} : { count: asked.data.items.length })}
      actions={
        may("gpgkeys", "create") && (
          <Button look="strong" icon="plus" onClick={() => setAdding(true)}>
            Import a key
          </Button>
        )
      }
    >
      <p className="soft">
        Projects name them in <code>signatureKeys</code>: then only commits that one of them signed are synced.
      </p>
      {asked.isPending && <Skeleton height="4rem" />}
      {asked.isError && <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data?.items.length === 0 && <p>No keys yet.</p>}
      {asked.data !== undefined && asked.data.items.length > 0 && (
        <Table label="List of GPG keys" columns={columns} rows={asked.data.items} rowKey={(key) => key.keyID} />
      )}
      <Copyable text="gpg --armor --export KEYID | mooring gpg add --from -" />
      {adding && <ImportKey onClose={() => setAdding(false)} />}
      {going !== undefined && (
        <Confirm
          title={`Remove ${going.keyID}?`}
          action="Remove the key"
          busy={removing.isPending}
          error={removing.error}
          onConfirm={() => removing.mutate(going)}
          onClose={() => setGoing(undefined)}
        >
          <p>Commits that {going.owner || "it"} signed count as unsigned from now on.</p>
        </Confirm>
      )}
    </Sheet>
  );
}

function ImportKey({ onClose }: { onClose: () => void }) {
  const [key, setKey] = useState("");
  const adding = useAction({
    act: () => change<Schema<"ImportedGpgKeys">>("POST", "/api/v1/gpgkeys", { body: { key } }),
    said: ({ items }) => `Imported: ${items.map(({ keyID }) => keyID).join(", ")}`,
    old: [queryKey],
    then: onClose,
    quiet: true,
  });
  return (
    <Dialog
      title="Import a public key"
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="strong" busy={adding.isPending} disabled={key.trim() === ""} onClick={() => adding.mutate()}>
            Import
          </Button>
        </>
      }
    >
      <label className="field">
        In ASCII armor
        <textarea
          className="input"
          rows={10}
          spellCheck={false}
          placeholder="-----BEGIN PGP PUBLIC KEY BLOCK-----"
          value={key}
          onChange={(event) => setKey(event.target.value)}
        />
      </label>
      <Refusal error={adding.error} />
    </Dialog>
  );
}
