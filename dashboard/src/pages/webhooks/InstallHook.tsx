/** Has a repository send its events here, or shows the hooks that it has. The host's token is used once and not kept. */
import { useState } from "react";

import { change } from "@/api/client";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { Button, Copyable, Mark } from "@/parts";
import { FormDialog, TextField } from "@/parts/FormDialog";
import { Callout } from "@/parts/Sheet";

type Provider = "" | "github" | "gitlab" | "gitea" | "forgejo";

export function InstallHook({ onClose }: { onClose: () => void }) {
  const [repository, setRepository] = useState("");
  const [token, setToken] = useState("");
  const [provider, setProvider] = useState<Provider>("");
  const [url, setUrl] = useState(`${location.origin}/api/webhook`);
  const form = (): Schema<"HookForm"> => ({
    repository: repository.trim(),
    token,
    url,
    ...(provider === "" ? {} : { provider }),
  });
  const installing = useAction({
    act: () => change<Schema<"InstalledHook">>("POST", "/api/v1/hooks", { body: form() }),
    said: ({ done, repository: at, warnings = [] }) => [`The webhook of ${at} is ${done}`, ...warnings].join(". "),
    old: [["deliveries"]],
    then: onClose,
    quiet: true,
  });
  const looking = useAction({
    act: () => change<Schema<"Hooks">>("POST", "/api/v1/hooks/list", { body: form() }),
    said: ({ items }) => (items.length === 1 ? "It has 1 webhook" : `It has ${items.length} webhooks`),
    old: [],
    quiet: true,
  });
  const hooks = looking.data?.items ?? [];
  const ready = repository.trim() !== "" && token !== "";
  return (
    <FormDialog
      title="Install a webhook"
      action="Install"
      busy={installing.isPending}
      error={installing.error ?? looking.error}
      onSubmit={() => installing.mutate()}
      onClose={onClose}
      aside={
        <Button disabled={!ready} busy={looking.isPending} onClick={() => looking.mutate()}>
          Show its webhooks
        </Button>
      }
      below={
        <>
          {looking.data !== undefined && hooks.length === 0 && <Callout tone="warn">It has no webhooks.</Callout>}
          {hooks.map((hook) => (
            <div key={hook.id} className="stack">
              <Mark
                tone={hook.ours && hook.active ? "good" : "idle"}
                shape={hook.ours && hook.active ? "tick" : "pause"}
                word={`${hook.ours ? "Ours" : "Of somebody else"}, ${hook.active ? "active" : "switched off"}`}
              />
              <code>{hook.url}</code>
              <span className="soft">{hook.events.join(", ")}</span>
            </div>
          ))}
          <Copyable text={`mooring webhook install --repo ${repository || "URL"} --token-file token`} />
        </>
      }
    >
      <TextField label="Repository" required value={repository} onChange={setRepository} />
      <TextField
        label="Access token of its host, which may change hooks; used once"
        type="password"
        autoComplete="new-password"
        required
        value={token}
        onChange={setToken}
      />
      <label className="field">
        Provider
        <select className="input" value={provider} onChange={(event) => setProvider(event.target.value as Provider)}>
          <option value="">As the address says</option>
          <option value="github">GitHub</option>
          <option value="gitlab">GitLab</option>
          <option value="gitea">Gitea</option>
          <option value="forgejo">Forgejo</option>
        </select>
      </label>
      <TextField label="Where the events go" required value={url} onChange={setUrl} />
    </FormDialog>
  );
}
