/** Deleting an application, with what it owns or without. Its name is typed, for nothing brings the objects back. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";

import { change } from "@/api/client";
import { applicationsQuery } from "@/api/queries";
import { to } from "@/app/addresses";
import { useToast } from "@/parts";
import { Choices, FormDialog, TextField } from "@/parts/FormDialog";

import { type Application, keyOf, type Named, pathOf } from "../queries";
import { destinationOf, told } from "../status";

interface Props {
  application: Application;
  named: Named;
  onClose: () => void;
}

const finalizer = "resources-finalizer.argocd.argoproj.io";

export function DeleteDialog({ application, named, onClose }: Props) {
  const say = useToast();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [typed, setTyped] = useState("");
  const [cascade, setCascade] = useState(
    (application.metadata.finalizers ?? []).some((each) => each.startsWith(finalizer)),
  );
  const count = application.status.resources?.length ?? 0;
  const cluster = told(destinationOf(application).cluster);
  const owner = application.metadata.ownerReferences?.[0];
  const deleting = useMutation({
    mutationFn: () =>
      change("DELETE", pathOf(named), { query: { namespace: named.namespace, cascade: String(cascade) } }),
    onSuccess: () => {
      say({ tone: "good", text: `${named.name} is being deleted` });
      void queries.invalidateQueries({ queryKey: applicationsQuery.queryKey });
      void queries.invalidateQueries({ queryKey: keyOf(named) });
      onClose();
      go(to.applications());
    },
  });
  return (
    <FormDialog
      title={`Delete ${named.name}`}
      action="Delete"
      look="danger"
      icon="trash"
      busy={deleting.isPending}
      error={deleting.error}
      ready={typed === named.name}
      onSubmit={() => deleting.mutate()}
      onClose={onClose}
    >
      {owner !== undefined && (
        <p className="act-warning">
          {owner.kind} {owner.name} makes this application, and may make it again.
        </p>
      )}
      <Choices
        legend={`Its ${count === 1 ? "object" : `${count} objects`} in the cluster`}
        choices={[
          ["go", "Go with it", `They are deleted from ${cluster}, but for those that say otherwise`],
          ["stay", "Stay", "They run on, and nobody looks after them"],
        ]}
        value={cascade ? "go" : "stay"}
        onChange={(value) => setCascade(value === "go")}
      />
      <TextField
        label={
          <>
            Type <strong>{named.name}</strong> to delete it
          </>
        }
        value={typed}
        onChange={setTyped}
      />
    </FormDialog>
  );
}
