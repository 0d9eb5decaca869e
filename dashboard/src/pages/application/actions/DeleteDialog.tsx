/** Deleting an application, with what it owns or without. Its name is typed, for nothing brings the objects back. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";

import { change } from "@/api/client";
import { applicationsQuery } from "@/api/queries";
import { to } from "@/app/addresses";
import { Button, Dialog, useToast } from "@/parts";

import { type Application, keyOf, type Named, pathOf } from "../queries";
import { destinationOf, told } from "../status";
import { Problem } from "./Problem";

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
    <Dialog
      title={`Delete ${named.name}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="danger"
            icon="trash"
            type="submit"
            form="delete-form"
            busy={deleting.isPending}
            disabled={typed !== named.name}
          >
            Delete
          </Button>
        </>
      }
    >
      <form
        id="delete-form"
        className="act-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === named.name) deleting.mutate();
        }}
      >
        {owner !== undefined && (
          <p className="act-warning">
            {owner.kind} {owner.name} makes this application, and may make it again.
          </p>
        )}
        <fieldset className="act-choices">
          <legend>Its {count === 1 ? "object" : `${count} objects`} in the cluster</legend>
          <label className="act-choice">
            <input type="radio" name="cascade" checked={cascade} onChange={() => setCascade(true)} />
            <span>
              Go with it{" "}
              <span className="soft">
                They are deleted from {told(destinationOf(application).cluster)}, but for those that say otherwise
              </span>
            </span>
          </label>
          <label className="act-choice">
            <input type="radio" name="cascade" checked={!cascade} onChange={() => setCascade(false)} />
            <span>
              Stay <span className="soft">They run on, and nobody looks after them</span>
            </span>
          </label>
        </fieldset>
        <label className="field">
          <span>
            Type <strong>{named.name}</strong> to delete it
          </span>
          <input
            className="input mono"
            value={typed}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
      </form>
      <Problem error={deleting.error} />
    </Dialog>
  );
}
