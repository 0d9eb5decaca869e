/** How a cluster is registered: by a command that reads credentials where they are, or here, where none are needed. */
import { useState } from "react";
import { useLocation } from "wouter";

import { clustersQuery } from "@/api/lists";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { to } from "@/app/addresses";
import { register, Replace } from "@/app/replacing";
import { Copyable } from "@/parts";
import { FormDialog, TextField } from "@/parts/FormDialog";

type Way = "eks" | "secret";

export function AddCluster({ onClose }: { onClose: () => void }) {
  const [way, setWay] = useState<Way>("eks");
  const [name, setName] = useState("");
  const [main, setMain] = useState("");
  const [more, setMore] = useState("");
  const [isDefault, setDefault] = useState(false);
  const [, go] = useLocation();
  const adding = useAction<Schema<"RegisteredCluster">, boolean>({
    act: (replace) => {
      const form: Schema<"ClusterForm"> = isDefault ? { default: true } : {};
      if (way === "eks") form.eks = { clusterName: main, ...(more === "" ? {} : { region: more }) };
      else form.kubeconfigSecret = { name: main, ...(more === "" ? {} : { context: more }) };
      const path = `/api/v1/clusters/${encodeURIComponent(name)}`;
      return register({ path, read: path, body: form, replace });
    },
    said: ({ warnings }) => ["The cluster is registered", ...warnings].join(". "),
    old: [clustersQuery.queryKey],
    then: () => go(to.cluster(name)),
    quiet: true,
  });
  return (
    <FormDialog
      title="Add a cluster"
      action="Register"
      busy={adding.isPending}
      error={adding.error}
      onSubmit={() => adding.mutate(false)}
      onClose={onClose}
      below={
        <div className="stack">
          <Replace error={adding.error} busy={adding.isPending} onReplace={() => adding.mutate(true)} />
          <h3>With a kubeconfig, or a token</h3>
          <p className="soft">The command reads them where they are; they are never typed into a page.</p>
          <Copyable text={`mooring cluster add ${name || "NAME"} --kubeconfig ~/.kube/config`} />
          <Copyable
            text={`mooring cluster add ${name || "NAME"} --server https://… --bearer-token-file token --ca-file ca.crt`}
          />
        </div>
      }
    >
      <div className="segments" role="group" aria-label="Where its credentials are">
        <button type="button" aria-pressed={way === "eks"} onClick={() => setWay("eks")}>
          EKS
        </button>
        <button type="button" aria-pressed={way === "secret"} onClick={() => setWay("secret")}>
          Kubeconfig in Secrets Manager
        </button>
      </div>
      <TextField label="Name" required value={name} onChange={setName} />
      <TextField
        label={way === "eks" ? "Name of the EKS cluster" : "Name or ARN of the secret"}
        required
        value={main}
        onChange={setMain}
      />
      <TextField
        label={way === "eks" ? "Region (that of this installation, if empty)" : "Context (the current one, if empty)"}
        value={more}
        onChange={setMore}
      />
      <label className="check-label">
        <input
          className="check"
          type="checkbox"
          checked={isDefault}
          onChange={(event) => setDefault(event.target.checked)}
        />
        It is what <code>in-cluster</code> means
      </label>
    </FormDialog>
  );
}
