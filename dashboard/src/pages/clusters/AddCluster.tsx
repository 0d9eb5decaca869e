/** How a cluster is registered: by a command that reads credentials where they are, or here, where none are needed. */
import { useState } from "react";
import { useLocation } from "wouter";

import { change } from "@/api/client";
import { clustersQuery } from "@/api/lists";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { to } from "@/app/addresses";
import { Button, Copyable, Dialog } from "@/parts";
import { Refusal } from "@/parts/Confirm";

type Way = "eks" | "secret";

export function AddCluster({ onClose }: { onClose: () => void }) {
  const [way, setWay] = useState<Way>("eks");
  const [name, setName] = useState("");
  const [main, setMain] = useState("");
  const [more, setMore] = useState("");
  const [isDefault, setDefault] = useState(false);
  const [, go] = useLocation();
  const adding = useAction({
    act: () => {
      const form: Schema<"ClusterForm"> = isDefault ? { default: true } : {};
      if (way === "eks") form.eks = { clusterName: main, ...(more === "" ? {} : { region: more }) };
      else form.kubeconfigSecret = { name: main, ...(more === "" ? {} : { context: more }) };
      return change<Schema<"RegisteredCluster">>("PUT", `/api/v1/clusters/${encodeURIComponent(name)}`, { body: form });
    },
    said: ({ warnings }) => ["The cluster is registered", ...warnings].join(". "),
    old: [clustersQuery.queryKey],
    then: () => go(to.cluster(name)),
    quiet: true,
  });
  return (
    <Dialog
      title="Add a cluster"
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="strong" type="submit" form="add-cluster" busy={adding.isPending}>
            Register
          </Button>
        </>
      }
    >
      <form
        id="add-cluster"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          adding.mutate();
        }}
      >
        <div className="segments" role="group" aria-label="Where its credentials are">
          <button type="button" aria-pressed={way === "eks"} onClick={() => setWay("eks")}>
            EKS
          </button>
          <button type="button" aria-pressed={way === "secret"} onClick={() => setWay("secret")}>
            Kubeconfig in Secrets Manager
          </button>
        </div>
        <label className="field">
          Name
          <input className="input" required value={name} onChange={(event) => setName(event.target.value)} />
        </label>
        <label className="field">
          {way === "eks" ? "Name of the EKS cluster" : "Name or ARN of the secret"}
          <input className="input" required value={main} onChange={(event) => setMain(event.target.value)} />
        </label>
        <label className="field">
          {way === "eks" ? "Region (that of this installation, if empty)" : "Context (the current one, if empty)"}
          <input className="input" value={more} onChange={(event) => setMore(event.target.value)} />
        </label>
        <label className="check-label">
          <input
            className="check"
            type="checkbox"
            checked={isDefault}
            onChange={(event) => setDefault(event.target.checked)}
          />
          It is what <code>in-cluster</code> means
        </label>
        <Refusal error={adding.error} />
      </form>
      <div className="stack">
        <h3>With a kubeconfig, or a token</h3>
        <p className="soft">The command reads them where they are; they are never typed into a page.</p>
        <Copyable text={`mooring cluster add ${name || "NAME"} --kubeconfig ~/.kube/config`} />
        <Copyable
          text={`mooring cluster add ${name || "NAME"} --server https://… --bearer-token-file token --ca-file ca.crt`}
        />
      </div>
    </Dialog>
  );
}
