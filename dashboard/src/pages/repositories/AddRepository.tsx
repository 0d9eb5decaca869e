/** Registers a repository. What is typed goes to the API in a body, never into an address, and is not kept here. */
import { useState } from "react";

import { change } from "@/api/client";
import { repositoriesQuery } from "@/api/lists";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { Button, Copyable, Dialog } from "@/parts";
import { Refusal } from "@/parts/Confirm";

type Form = Schema<"RepositoryForm">;
type Kind = "git" | "helm" | "oci";

export function AddRepository({ onClose }: { onClose: () => void }) {
  const [kind, setKind] = useState<Kind>("git");
  const [url, setUrl] = useState("");
  const [name, setName] = useState("");
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [sshKey, setSshKey] = useState("");
  const adding = useAction({
    act: () => {
      const form: Form = { url: url.trim(), type: kind };
      if (name !== "") form.name = name;
      if (username !== "") form.username = username;
      if (password !== "") form.password = password;
      if (sshKey !== "") form.sshPrivateKey = sshKey.endsWith("\n") ? sshKey : `${sshKey}\n`;
      return change<Schema<"RegisteredRepository">>("PUT", "/api/v1/repositories", { body: form });
    },
    said: ({ url: registered, warnings }) => [`${registered} is registered`, ...warnings].join(". "),
    old: [repositoriesQuery.queryKey],
    then: onClose,
    quiet: true,
  });
  return (
    <Dialog
      title="Add a repository"
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="strong" type="submit" form="add-repository" busy={adding.isPending}>
            Register
          </Button>
        </>
      }
    >
      <form
        id="add-repository"
        className="form"
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          adding.mutate();
        }}
      >
        <div className="segments" role="group" aria-label="Kind">
          {(["git", "helm", "oci"] as const).map((each) => (
            <button key={each} type="button" aria-pressed={kind === each} onClick={() => setKind(each)}>
              {each === "git" ? "Git" : each === "helm" ? "Helm" : "OCI"}
            </button>
          ))}
        </div>
        <label className="field">
          Address, or what many addresses begin with
          <input className="input" required value={url} onChange={(event) => setUrl(event.target.value)} />
        </label>
        {kind !== "git" && (
          <label className="field">
            Name
            <input className="input" value={name} onChange={(event) => setName(event.target.value)} />
          </label>
        )}
        <label className="field">
          User name
          <input
            className="input"
            autoComplete="off"
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
        </label>
        <label className="field">
          Password or access token
          <input
            className="input"
            type="password"
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
        {kind === "git" && (
          <label className="field">
            Or a private SSH key
            <textarea
              className="input"
              rows={3}
              spellCheck={false}
              autoComplete="off"
              value={sshKey}
              onChange={(event) => setSshKey(event.target.value)}
            />
          </label>
        )}
        <p className="soft">Credentials are kept in Secrets Manager and are never shown again, not even to you.</p>
        <Refusal error={adding.error} />
      </form>
      <Copyable text={`mooring repo add ${url || "URL"}`} />
    </Dialog>
  );
}
