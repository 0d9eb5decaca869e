/** Registers a repository. What is typed goes to the API in a body, never into an address, and is not kept here. */
import { useState } from "react";

import { repositoriesQuery } from "@/api/lists";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { register, Replace } from "@/app/replacing";
import { Copyable } from "@/parts";
import { FormDialog, TextField } from "@/parts/FormDialog";

type Form = Schema<"RepositoryForm">;
type Kind = "git" | "helm" | "oci";

export function AddRepository({ onClose }: { onClose: () => void }) {
  const [kind, setKind] = useState<Kind>("git");
  const [url, setUrl] = useState("");
  const [name, setName] = useState("");
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [sshKey, setSshKey] = useState("");
  const adding = useAction<Schema<"RegisteredRepository">, boolean>({
    act: (replace) => {
      const form: Form = { url: url.trim(), type: kind };
      if (name !== "") form.name = name;
      if (username !== "") form.username = username;
      if (password !== "") form.password = password;
      if (sshKey !== "") form.sshPrivateKey = sshKey.endsWith("\n") ? sshKey : `${sshKey}\n`;
      const query = { url: url.trim() };
      return register({ path: "/api/v1/repositories", read: "/api/v1/repository", query, body: form, replace });
    },
    said: ({ url: registered, warnings }) => [`${registered} is registered`, ...warnings].join(". "),
    old: [repositoriesQuery.queryKey],
    then: onClose,
    quiet: true,
  });
  return (
    <FormDialog
      title="Add a repository"
      action="Register"
      busy={adding.isPending}
      error={adding.error}
      onSubmit={() => adding.mutate(false)}
      onClose={onClose}
      below={
        <div className="stack">
          <Replace error={adding.error} busy={adding.isPending} onReplace={() => adding.mutate(true)} />
          <Copyable text={`mooring repo add ${url || "URL"}`} />
        </div>
      }
    >
      <div className="segments" role="group" aria-label="Kind">
        {(["git", "helm", "oci"] as const).map((each) => (
          <button key={each} type="button" aria-pressed={kind === each} onClick={() => setKind(each)}>
            {each === "git" ? "Git" : each === "helm" ? "Helm" : "OCI"}
          </button>
        ))}
      </div>
      <TextField label="Address, or what many addresses begin with" required value={url} onChange={setUrl} />
      {kind !== "git" && <TextField label="Name" value={name} onChange={setName} />}
      <TextField label="User name" value={username} onChange={setUsername} />
      <TextField
        label="Password or access token"
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
      />
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
    </FormDialog>
  );
}
